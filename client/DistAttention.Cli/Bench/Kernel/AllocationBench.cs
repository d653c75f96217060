using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>Bytes that a call in the steady state leaves to the garbage collector, its result not counted.</summary>
internal sealed class AllocationBench(AttendShape shape, Goal target) : IKernelBench
{
    private const int Calls = 50;

    public string Name => $"allocation of a call with 1 query × {KernelSuite.Number(shape.Positions)} keys";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        double[] bytes = new double[settings.Samples];
        for (int i = 0; i < bytes.Length; i++)
        {
            await CallsAsync().ConfigureAwait(false);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await CallsAsync().ConfigureAwait(false);
            bytes[i] = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Calls;
        }

        return new BenchRow(Name, Samples.Median(bytes), "bytes", target);

        async Task CallsAsync()
        {
            for (int call = 0; call < Calls; call++)
            {
                await sequence.AttendAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
