using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>1, 2, 4, … queries over the same keys: the time per row must not rise on the way from decode to prefill.</summary>
internal sealed class MiddleBench(AttendShape shape, Goal target) : IKernelBench
{
    private const int CallsPerTurn = 3;

    public string Name => $"1 to {shape.Rows} queries × {KernelSuite.Number(shape.Positions)} keys, head size {shape.HeadDim}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        List<BenchRow> times = [];
        double worst = 0;
        for (int rows = 2; rows <= shape.Rows; rows *= 2)
        {
            int half = rows / 2;
            Samples samples = await Samples.TakeAsync(
                settings.Samples,
                () => sequence.AttendAsync(rows, cancellationToken),
                async () => half / await Samples.TimeAsync(() => sequence.AttendAsync(half, cancellationToken), CallsPerTurn).ConfigureAwait(false)).ConfigureAwait(false);
            worst = Math.Max(worst, 1 / samples.Fraction(rows));
            if (half == 1)
            {
                times.Add(Time(1, 1 / Samples.Median(samples.Limits[0])));
            }

            times.Add(Time(rows, samples.MedianSeconds / rows));
        }

        return new BenchRow(Name, worst, "× time per row when rows double", target) { Also = times };
    }

    private BenchRow Time(int rows, double secondsPerRow) => new($"{Name}: {rows}", 1e6 * secondsPerRow, $"µs per row of {rows}");
}
