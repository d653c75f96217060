using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Merges the partials of several owners into the root.</summary>
internal sealed class MergeJob(NodePartial[] partials, TreeNode root, CancellationToken cancellationToken)
    : ComputeJob(1, isShort: true, cancellationToken)
{
    public override bool IsContinuation => true;

    public PooledPartial? Root { get; private set; }

    protected override void Run(int item, KernelScratch scratch) => Root = NodeMerger.Merge(partials, root);
}
