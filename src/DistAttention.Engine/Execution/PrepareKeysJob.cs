using DistAttention.Engine.Compute;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Projects and turns the keys of a write once, for memory and store alike: a store that kept rounded keys as given would give other bits back.</summary>
internal sealed class PrepareKeysJob : ComputeJob
{
    private readonly ShardWrite _write;
    private readonly float[] _prepared; // [count, NumHeadsKv, StoredHeadDim]

    private PrepareKeysJob(ShardWrite write, CancellationToken cancellationToken)
        : base((write.Count + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength, write.Count <= SequenceFormat.BlockLength, cancellationToken)
    {
        _write = write;
        _prepared = GC.AllocateUninitializedArray<float>(checked(write.Count * write.Spec.NumHeadsKv * write.Spec.StoredHeadDim));
    }

    /// <summary>The write with its keys as they are stored.</summary>
    /// <exception cref="InvalidTensorException">A prepared key cannot be stored; the token is counted from the start of the write.</exception>
    public static async ValueTask<ShardWrite> PrepareAsync(ComputePool pool, ShardWrite write, CancellationToken cancellationToken)
    {
        if (write.Spec.StoresKeysAsGiven || write.KeysArePrepared)
        {
            return write;
        }

        PrepareKeysJob job = new(write, cancellationToken) { Caller = write.Caller };
        await pool.RunAsync(job).ConfigureAwait(false);
        return write with { K = job._prepared, KeysArePrepared = true };
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        int first = item * SequenceFormat.BlockLength;
        int count = Math.Min(SequenceFormat.BlockLength, _write.Count - first);
        int row = _prepared.Length / _write.Count;
        using PreparedKeys keys = PreparedKeys.Of(_write, new PositionRange(_write.FirstIdx + first, _write.FirstIdx + first + count));
        keys.Rows.CopyTo(_prepared.AsSpan(first * row));
    }
}
