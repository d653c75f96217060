using DistAttention.Engine.Compute;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Packs the rows of one write, block by block.</summary>
internal sealed class PackJob(Shard shard, ShardWrite write, CancellationToken cancellationToken)
    : ComputeJob(BlocksTouched(write), write.Count <= SequenceFormat.BlockLength, cancellationToken)
{
    protected override void Run(int item, KernelScratch scratch)
    {
        long block = (write.FirstIdx / SequenceFormat.BlockLength) + item;
        PositionRange rows = new(write.FirstIdx, write.FirstIdx + write.Count);
        PositionRange places = new(block * SequenceFormat.BlockLength, (block + 1) * SequenceFormat.BlockLength);
        shard.PackPart(write, rows.Intersect(places));
    }

    private static int BlocksTouched(in ShardWrite write) =>
        ((write.FirstIdx + write.Count - 1) / SequenceFormat.BlockLength) - (write.FirstIdx / SequenceFormat.BlockLength) + 1;
}
