using DistAttention.Cli.Bench.Compare;
using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>The engine against what a user would otherwise write, in turns.</summary>
internal sealed class PlainTensorBench(AttendShape shape, Goal target) : IKernelBench
{
    public string Name => $"TensorPrimitives written plainly, {(shape.IsCausal ? "causal" : "full")} {KernelSuite.Number(shape.Rows)} × {KernelSuite.Number(shape.Positions)}, head size {shape.HeadDim}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        PlainAttention plain = new(shape, sequence.Q);
        Samples samples = await Samples.TakeAsync(settings.Samples, () => sequence.AttendAsync(cancellationToken), PlainRateAsync).ConfigureAwait(false);
        return new BenchRow(Name, samples.Fraction(1), "× slower than the engine", target)
        {
            Also =
            [
                Rates.Flops(Name, shape, samples),
                new BenchRow($"{Name}: plain rate", shape.Flops * Samples.Median(samples.Limits[0]) / 1e9, "GFLOP/s written plainly"),
                new BenchRow($"{Name}: difference", plain.LargestDifference(sequence.Output), "largest difference"),
            ],
        };

        async Task<double> PlainRateAsync()
        {
            cancellationToken.ThrowIfCancellationRequested();
            return 1 / (await plain.RunAsync(limits).ConfigureAwait(false)).TotalSeconds;
        }
    }
}
