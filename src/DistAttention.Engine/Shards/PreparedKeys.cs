using System.Buffers;
using DistAttention.Kernels;

namespace DistAttention.Engine.Shards;

/// <summary>
/// Keys of a write as they are stored: as given, or projected and turned. It is done here, by the owner, which knows their
/// positions, so that no client can forget it.
/// </summary>
internal readonly ref struct PreparedKeys : IDisposable
{
    private readonly float[]? _rented;

    private PreparedKeys(ReadOnlySpan<float> rows, float[]? rented)
    {
        Rows = rows;
        _rented = rented;
    }

    /// <summary>[part, NumHeadsKv, StoredHeadDim].</summary>
    public ReadOnlySpan<float> Rows { get; }

    /// <summary>Prepares part of a write.</summary>
    /// <param name="write">The write.</param>
    /// <param name="part">Which rows, by place in the shard.</param>
    /// <exception cref="InvalidTensorException">A prepared key cannot be stored; the token is counted from the start of the write.</exception>
    public static PreparedKeys Of(in ShardWrite write, PositionRange part)
    {
        SequenceSpec spec = write.Spec;
        int row = write.KRow;
        int from = (int)part.Start - write.FirstIdx;
        ReadOnlySpan<float> given = write.K.Span.Slice(from * row, (int)part.Length * row);
        if (spec.StoresKeysAsGiven || write.KeysArePrepared)
        {
            return new PreparedKeys(given, null);
        }

        int length = (int)part.Length * spec.NumHeadsKv * spec.StoredHeadDim;
        float[] rented = ArrayPool<float>.Shared.Rent(length);
        try
        {
            KeyRows.Prepare(spec, given, ((long)write.Shard.Index * spec.ShardLength) + part.Start, rented);
            return new PreparedKeys(rented.AsSpan(0, length), rented);
        }
        catch (Exception e)
        {
            ArrayPool<float>.Shared.Return(rented);
            if (e is InvalidTensorException unstorable)
            {
                throw unstorable.InToken(unstorable.Token + from);
            }

            throw;
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<float>.Shared.Return(_rented);
        }
    }
}
