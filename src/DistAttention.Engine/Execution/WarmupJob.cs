using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Compiles the kernels of a storage type on a thread that would compute with them, while rows of it come in.</summary>
internal sealed class WarmupJob(KvDataType type) : ComputeJob(1, isShort: false, CancellationToken.None)
{
    public override bool IsContinuation => true;

    protected override void Run(int item, KernelScratch scratch) => KernelWarmup.Run(type, scratch);
}
