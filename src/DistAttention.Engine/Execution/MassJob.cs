using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>The second pass of a query tile over the blocks of this process.</summary>
internal sealed class MassJob(MassRequest request, HeldBlocks held, CancellationToken cancellationToken)
    : ComputeJob(request.Tile.Spec.NumHeadsKv, isShort: true, cancellationToken)
{
    public MassAnswer Answer(long positionsCounted) => throw new NotSupportedException();

    protected override void Run(int item, KernelScratch scratch) => throw new NotSupportedException(held.ToString());
}
