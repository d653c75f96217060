using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Grains.Tests;

/// <summary>Keeps every thread of a silo's compute pool busy until it is opened, so that a call takes as long as a test wants.</summary>
internal sealed class GatedPool : IDisposable
{
    private readonly ManualResetEventSlim _gate = new();
    private readonly Task _job;

    public GatedPool(ComputePool pool) => _job = pool.RunAsync(new Wait(_gate, pool.Threads)).AsTask();

    public async Task OpenAsync()
    {
        _gate.Set();
        await _job;
    }

    public void Dispose() => _gate.Set();

    private sealed class Wait(ManualResetEventSlim gate, int threads) : ComputeJob(threads, isShort: true, CancellationToken.None)
    {
        protected override void Run(int item, KernelScratch scratch) => gate.Wait();
    }
}
