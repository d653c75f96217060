using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>The very first call of this process, code not yet compiled, against later ones. Runs before everything else.</summary>
internal sealed class FirstAttendBench(AttendShape shape, Goal target) : IKernelBench
{
    public string Name => $"first attend of a process, full {KernelSuite.Number(shape.Rows)} × {KernelSuite.Number(shape.Positions)}, head size {shape.HeadDim}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        double first = await Samples.TimeAsync(() => sequence.AttendAsync(cancellationToken), 1).ConfigureAwait(false);
        double[] later = new double[settings.Samples];
        for (int i = 0; i < later.Length; i++)
        {
            later[i] = await Samples.TimeAsync(() => sequence.AttendAsync(cancellationToken), 1).ConfigureAwait(false);
        }

        return new BenchRow(Name, Samples.Median(later) / first, "of the steady rate", target)
        {
            Also = [new BenchRow($"{Name}: rate", shape.Flops / first / 1e9, "GFLOP/s")],
        };
    }
}
