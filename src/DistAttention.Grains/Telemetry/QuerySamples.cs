using System.Runtime.InteropServices;
using DistAttention.Contracts;
using DistAttention.Engine.Execution;

namespace DistAttention.Grains;

/// <summary>
/// Keeps the last few query rows of the sequences asked of late, while somebody looks at this silo, and forgets them once nobody has for a minute.
/// </summary>
internal sealed class QuerySamples(TimeProvider time)
{
    private const int MaxSequences = 64;
    private const int MaxRows = 32;
    private const int MaxFloats = 256 << 10;

    private static readonly TimeSpan _attention = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Kept> _kept = [];
    private long _lookedAt = long.MinValue;

    /// <summary>Somebody looks at this silo.</summary>
    public void Look() => Volatile.Write(ref _lookedAt, time.GetTimestamp());

    /// <summary>Takes the last rows of a tile, if anybody looks.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="query">The tile.</param>
    public void Take(Guid sequence, TileQuery query)
    {
        long lookedAt = Volatile.Read(ref _lookedAt);
        int row = query.Snapshot.Spec.NumHeadsQ * query.Snapshot.Spec.HeadDim;
        int rows = Math.Min(Math.Min(query.Rows, MaxRows), MaxFloats / row);
        if (lookedAt == long.MinValue || rows == 0)
        {
            return;
        }

        bool isOver = time.GetElapsedTime(lookedAt) > _attention;
        float[] q = isOver ? [] : query.Q.Slice((query.Rows - rows) * row, rows * row).ToArray();
        lock (_lock)
        {
            if (isOver)
            {
                _kept.Clear();
                Volatile.Write(ref _lookedAt, long.MinValue);
                return;
            }

            if (_kept.Count >= MaxSequences && !_kept.ContainsKey(sequence))
            {
                _kept.Remove(_kept.MinBy(static k => k.Value.At).Key);
            }

            _kept[sequence] = new Kept(time.GetTimestamp(), query.FirstQueryPosition + query.Rows - rows, rows, q);
        }
    }

    /// <summary>The last rows of a sequence; null if there are none.</summary>
    public QuerySample? Find(Guid sequence)
    {
        Look();
        lock (_lock)
        {
            return _kept.TryGetValue(sequence, out Kept? kept)
                ? new QuerySample(time.GetElapsedTime(kept.At).TotalSeconds, kept.FirstQueryPosition, kept.Rows, MemoryMarshal.AsBytes(kept.Q.AsSpan()).ToArray())
                : null;
        }
    }

    private sealed record Kept(long At, long FirstQueryPosition, int Rows, float[] Q);
}
