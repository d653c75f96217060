using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>One row of <c>bench kernel</c>.</summary>
internal interface IKernelBench
{
    string Name { get; }

    Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken);
}
