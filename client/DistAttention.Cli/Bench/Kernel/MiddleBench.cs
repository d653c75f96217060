using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>1, 2, 4, … queries over the same keys: the time per row must not rise on the way from decode to prefill.</summary>
internal sealed class MiddleBench(AttendShape shape, Goal target) : IKernelBench
{
    public string Name => $"1 to {shape.Rows} queries × {KernelSuite.Number(shape.Positions)} keys, head size {shape.HeadDim}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        int[] rows = [.. Enumerable.Range(0, 7).Select(static power => 1 << power).Where(count => count <= shape.Rows)];
        double[][] seconds = [.. rows.Select(_ => new double[settings.Samples])]; // per row of q
        await sequence.AttendAsync(cancellationToken).ConfigureAwait(false);
        for (int sample = 0; sample < settings.Samples; sample++)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                seconds[i][sample] = await Samples.TimeAsync(() => sequence.AttendAsync(rows[i], cancellationToken), 3).ConfigureAwait(false) / rows[i];
            }
        }

        double worst = Enumerable.Range(1, rows.Length - 1).Max(i => Samples.Median([.. seconds[i].Select((time, sample) => time / seconds[i - 1][sample])]));
        return new BenchRow(Name, worst, "× time per row when rows double", target)
        {
            Also =
            [
                .. rows.Select((count, i) => new BenchRow(
                    $"{Name}: {count}",
                    1e6 * Samples.Median(seconds[i]),
                    $"µs per row of {count}")),
            ],
        };
    }
}
