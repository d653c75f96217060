using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Mask;

/// <summary>
/// What a masked call costs per visible pair, over what full attention on the same sequence costs per pair, measured in turns: 1 is what
/// its share of the pairs is worth.
/// </summary>
/// <param name="name">What is measured.</param>
/// <param name="mask">The mask, of a sequence of so many positions.</param>
/// <param name="positions">Positions, and query rows.</param>
/// <param name="heads">Heads.</param>
/// <param name="fullRows">Rows of the full call.</param>
/// <param name="perPair">Compare per visible pair; else the calls as they are, of equally many rows.</param>
/// <param name="target">What the ratio is held to.</param>
internal sealed class ShareBench(string name, Func<int, AttentionMask> mask, int positions, int heads, int fullRows, bool perPair, Goal target) : IKernelBench
{
    public string Name => name;

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using MaskSequence sequence = await MaskSequence.LoadAsync(positions, heads, settings.Threads, cancellationToken).ConfigureAwait(false);
        AttentionMask masked = mask(positions);
        int rows = Math.Min(fullRows, positions);
        int maskedRows = perPair ? positions : rows;
        double pairs = await sequence.PairsAsync(masked, 0, maskedRows, cancellationToken).ConfigureAwait(false);
        double share = pairs / ((double)maskedRows * positions);
        Func<Task> full = () => sequence.AttendAsync(AttentionMask.Full, positions - rows, rows, cancellationToken);
        Func<Task> some = () => sequence.AttendAsync(masked, 0, maskedRows, cancellationToken);
        await full().ConfigureAwait(false);
        await some().ConfigureAwait(false);
        double[] ratios = new double[settings.Samples];
        double[] seconds = new double[settings.Samples];
        double before = await Samples.TimeAsync(full, 1).ConfigureAwait(false);
        for (int i = 0; i < ratios.Length; i++)
        {
            seconds[i] = await Samples.TimeAsync(some, 1).ConfigureAwait(false);
            double after = await Samples.TimeAsync(full, 1).ConfigureAwait(false);
            double fullTime = (before + after) / 2;
            ratios[i] = perPair ? seconds[i] / pairs / (fullTime / ((double)rows * positions)) : seconds[i] / fullTime;
            before = after;
        }

        await some().ConfigureAwait(false); // its answers, where the full call left its own
        (double output, double lse) = sequence.Errors(masked, [0, maskedRows / 3, maskedRows - 1]);
        return new BenchRow(name, Samples.Median(ratios), perPair ? "× full attention per pair" : "× full attention", target)
        {
            Also =
            [
                new BenchRow($"{name}: visible", share, "of all pairs"),
                new BenchRow($"{name}: time", Samples.Median(seconds), "s"),
                new BenchRow($"{name}: error of o", output, "error of o", Goal.AtMost(2.5e-6)),
                new BenchRow($"{name}: error of lse", lse, "error of lse", Goal.AtMost(2.5e-6)),
            ],
        };
    }
}
