using DistAttention.Http.Bodies;
using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;

namespace DistAttention.Http.Calls;

/// <summary>
/// Rows of k and v out of a body. <c>kv</c>, where every row has both, is streamed whatever its length; of k and v one behind the other, the first is held in memory until
/// the second comes, within a bound.
/// </summary>
internal sealed class KvBody(TensorBodyReader reader, SequenceSpec spec, AttentionHttpOptions options)
{
    private readonly int _kLength = spec.NumHeadsKv * spec.HeadDim;
    private readonly int _vLength = spec.NumHeadsKv * spec.AppendedHeadDimV;

    /// <summary>Receives rows of a body.</summary>
    /// <param name="k">Keys [rows, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Values [rows, NumHeadsKv, AppendedHeadDimV].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="buffers">What holds them, for the receiver to give back, whatever happens.</param>
    public delegate ValueTask RowsReceiver(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, IDisposable buffers);

    /// <summary>Rows that are handed over at a time. A function of shape and options alone: a body sent again is cut at the same rows.</summary>
    public int RowsPerPart { get; } = RowsOf(spec, options.SliceBytes);

    /// <summary>Whether a tensor is k, v or both.</summary>
    public static bool IsPart(TensorHead head) => head.Name is null or "k" or "v" or "kv";

    /// <summary>Reads the rows of the current tensor, and of the one behind it where it is only k or only v.</summary>
    public async ValueTask ReadAsync(RowsReceiver receive, CancellationToken cancellationToken)
    {
        TensorHead head = reader.Current!;
        string name = head.Name ?? (spec.AppendedHeadDimV > 0 && head.Layout.Shape is [_, .., long last] && last == spec.HeadDim + spec.AppendedHeadDimV ? "kv" : "k");
        switch (name)
        {
            case "kv" when _vLength > 0:
                RequireShape(head, name, spec.HeadDim + spec.AppendedHeadDimV);
                await ReadRowsAsync(head.Rows, _kLength + _vLength, (kv, rows, buffer) => SplitAsync(kv, rows, buffer, receive), cancellationToken).ConfigureAwait(false);
                break;
            case "k" when _vLength == 0:
                RequireShape(head, name, spec.HeadDim);
                await ReadRowsAsync(head.Rows, _kLength, (k, rows, buffer) => receive(k, default, rows, buffer), cancellationToken).ConfigureAwait(false);
                break;
            case "k":
                await ReadPairAsync(head, new Part("k", _kLength, spec.HeadDim), new Part("v", _vLength, spec.AppendedHeadDimV), receive, cancellationToken).ConfigureAwait(false);
                break;
            case "v" when _vLength > 0:
                await ReadPairAsync(
                    head, new Part("v", _vLength, spec.AppendedHeadDimV), new Part("k", _kLength, spec.HeadDim), (v, k, rows, buffers) => receive(k, v, rows, buffers), cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw reader.Error($"has {head.Title} where {(_vLength > 0 ? "k, v or kv" : "k")} should come");
        }
    }

    private static int RowsOf(SequenceSpec spec, int bytes)
    {
        long most = Math.Max(1, bytes / ((long)spec.NumHeadsKv * (spec.HeadDim + spec.AppendedHeadDimV) * sizeof(float)));
        return (int)(most > SequenceFormat.RunLength ? most / SequenceFormat.RunLength * SequenceFormat.RunLength : most);
    }

    /// <summary>Reads the current tensor, so many rows at a time; an empty one as a part without rows.</summary>
    private async ValueTask ReadRowsAsync(long rows, int length, Func<ReadOnlyMemory<float>, int, PooledFloats, ValueTask> receive, CancellationToken cancellationToken)
    {
        long done = 0;
        do
        {
            int count = (int)Math.Min(RowsPerPart, rows - done);
            PooledFloats buffer = new(count * length);
            try
            {
                await reader.ReadAsync(buffer.Memory, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                buffer.Dispose();
                throw;
            }

            await receive(buffer.Memory, count, buffer).ConfigureAwait(false);
            done += count;
        }
        while (done < rows);
    }

    private ValueTask SplitAsync(ReadOnlyMemory<float> kv, int rows, PooledFloats buffer, RowsReceiver receive)
    {
        using PooledFloats read = buffer;
        PooledFloats apart = new(kv.Length);
        Memory<float> k = apart.Memory[..(rows * _kLength)];
        Memory<float> v = apart.Memory[(rows * _kLength)..];
        (int kDim, int vDim) = (spec.HeadDim, spec.AppendedHeadDimV);
        for (int i = 0; i < rows * spec.NumHeadsKv; i++)
        {
            ReadOnlySpan<float> both = kv.Span.Slice(i * (kDim + vDim), kDim + vDim);
            both[..kDim].CopyTo(k.Span[(i * kDim)..]);
            both[kDim..].CopyTo(v.Span[(i * vDim)..]);
        }

        return receive(k, v, rows, apart);
    }

    private async ValueTask ReadPairAsync(TensorHead head, Part first, Part second, RowsReceiver receive, CancellationToken cancellationToken)
    {
        RequireShape(head, first.Name, first.Dim);
        if (head.Length > options.MaxHeldBytes / sizeof(float))
        {
            throw HttpProblemException.TooLarge(
                $"{first.Name} {head.Shape} would have to be held until {second.Name} comes, which is more than {options.MaxHeldBytes:N0} bytes; send kv [rows, {spec.NumHeadsKv}, {spec.HeadDim + spec.AppendedHeadDimV}], or k and v of fewer rows in turns");
        }

        using PooledFloats held = new((int)head.Length);
        await reader.ReadAsync(held.Memory, cancellationToken).ConfigureAwait(false);
        TensorHead other = await reader.RequireNextAsync(second.Name, cancellationToken).ConfigureAwait(false);
        if (other.Name is { } name && name != second.Name)
        {
            throw reader.Error($"has {other.Title} where {second.Name} should come");
        }

        RequireShape(other, second.Name, second.Dim);
        if (other.Rows != head.Rows)
        {
            throw new ShapeMismatchException(second.Name, $"of {head.Rows} rows, as {first.Name}", other.Shape);
        }

        int done = 0;
        await ReadRowsAsync(other.Rows, second.RowLength, (rows, count, buffer) =>
        {
            ReadOnlyMemory<float> of = held.Memory.Slice(done * first.RowLength, count * first.RowLength);
            done += count;
            return receive(of, rows, count, new PooledPair(buffer, held.Share()));
        }, cancellationToken).ConfigureAwait(false);
    }

    private void RequireShape(TensorHead head, string name, int dim)
    {
        bool fits = head.Layout.Shape switch
        {
            [_, long heads, long last] => heads == spec.NumHeadsKv && last == dim,
            [_, long last] => spec.NumHeadsKv == 1 && last == dim,
            _ => false,
        };
        if (!fits)
        {
            throw new ShapeMismatchException(name, $"[rows, {spec.NumHeadsKv}, {dim}]", head.Shape);
        }
    }

    /// <summary>k or v.</summary>
    private readonly record struct Part(string Name, int RowLength, int Dim);
}
