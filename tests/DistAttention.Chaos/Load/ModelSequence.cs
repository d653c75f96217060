using DistAttention.Engine;
using DistAttention.Testing;

namespace DistAttention.Chaos.Load;

/// <summary>
/// What a sequence must hold: the rows of every acknowledged append at the positions it was told, also in one process, whose answers are the
/// ones to give.
/// </summary>
internal sealed class ModelSequence(IAttentionSequence embedded, ulong seed) : IDisposable
{
    private const int Longest = 256;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SortedDictionary<long, (ulong Operation, int Count)> _waiting = [];
    private long _known;

    /// <summary>Rows from the first on whose content is known; all of them are acknowledged.</summary>
    public long Known => Interlocked.Read(ref _known);

    public SequenceSpec Spec => embedded.Spec;

    public string Name => embedded.Id.Value;

    /// <summary>The rows of an append.</summary>
    public (float[] K, float[] V) RowsOf(ulong operation, int count)
    {
        SeededData data = new(seed ^ (operation * 0x9E37_79B9_7F4A_7C15));
        return (data.Normal(count * Spec.NumHeadsKv * Spec.HeadDim), data.Normal(count * Spec.NumHeadsKv * Spec.HeadDimV));
    }

    /// <summary>Takes the first rows, which nobody appends to meanwhile.</summary>
    public async Task LoadAsync(IAttentionSequence sequence, int count, CancellationToken cancellationToken)
    {
        (float[] k, float[] v) = RowsOf(ulong.MaxValue, count);
        await sequence.AppendAsync(k, v, cancellationToken: cancellationToken).ConfigureAwait(false);
        await embedded.AppendAsync(k, v, cancellationToken: cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _known, count);
    }

    /// <summary>How many rows an append has.</summary>
    public int CountOf(ulong operation) => 1 + (operation % 3 == 0 ? new SeededData(seed + operation).NextInt(Longest) : new SeededData(seed + operation).NextInt(4));

    /// <summary>Takes note of an acknowledged append.</summary>
    /// <returns>What cannot be; null if nothing.</returns>
    public async Task<string?> AddAsync(ulong operation, AppendResult result)
    {
        int count = CountOf(operation);
        lock (_lock)
        {
            if (result.Count != count)
            {
                return $"{Name}: an append of {count} rows was acknowledged as one of {result.Count}";
            }

            bool overlaps = result.FirstPosition < Known
                || _waiting.Any(w => w.Key < result.FirstPosition + count && result.FirstPosition < w.Key + w.Value.Count);
            if (overlaps)
            {
                return $"{Name}: two appends were told position {result.FirstPosition}";
            }

            _waiting.Add(result.FirstPosition, (operation, count));
        }

        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            while (Next() is { } next)
            {
                (float[] k, float[] v) = RowsOf(next.Operation, next.Count);
                await embedded.AppendAsync(k, v).ConfigureAwait(false);
                Interlocked.Add(ref _known, next.Count);
            }
        }
        finally
        {
            _turn.Release();
        }

        return null;
    }

    /// <summary>The bits to answer with.</summary>
    public async Task<string> ExpectedAsync(float[] q, AttendOptions options) => DigestOf(await embedded.AttendAsync(q, options).ConfigureAwait(false));

    public static string DigestOf(AttentionResult result) => BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());

    public void Dispose() => _turn.Dispose();

    private (ulong Operation, int Count)? Next()
    {
        lock (_lock)
        {
            return _waiting.Remove(Known, out (ulong, int) next) ? next : null;
        }
    }
}
