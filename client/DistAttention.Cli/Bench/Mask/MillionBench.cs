using System.Diagnostics;
using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Mask;

/// <summary>Self-attention of a whole long sequence under a sparse mask: minutes, memory that grows with its length, checked on sampled rows.</summary>
internal sealed class MillionBench(string name, Func<int, AttentionMask> mask, int positions, Goal target) : IKernelBench
{
    private const int SampledRows = 12;

    public string Name => name;

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using MaskSequence sequence = await MaskSequence.LoadAsync(positions, 1, settings.Threads, cancellationToken).ConfigureAwait(false);
        AttentionMask masked = mask(positions);
        double pairs = await sequence.PairsAsync(masked, 0, positions, cancellationToken).ConfigureAwait(false);
        double seconds = await Samples.TimeAsync(() => sequence.AttendAsync(masked, 0, positions, cancellationToken), 1).ConfigureAwait(false);
        int[] rows = [.. Enumerable.Range(0, SampledRows).Select(i => (int)((long)i * (positions - 1) / (SampledRows - 1)))];
        (double output, double lse) = sequence.Errors(masked, rows);
        using Process process = Process.GetCurrentProcess();
        return new BenchRow(name, seconds, "s", target)
        {
            Also =
            [
                new BenchRow($"{name}: visible", pairs / ((double)positions * positions), "of all pairs"),
                new BenchRow($"{name}: rate", 4 * 64 * pairs / seconds / 1e9, "GFLOP/s"),
                new BenchRow($"{name}: memory", process.PeakWorkingSet64 / ((double)positions * 4 * 64 * sizeof(float)), "× q, k, v and o", Goal.AtMost(4)),
                new BenchRow($"{name}: error of o", output, "error of o", Goal.AtMost(2.5e-6)),
                new BenchRow($"{name}: error of lse", lse, "error of lse", Goal.AtMost(2.5e-6)),
            ],
        };
    }
}
