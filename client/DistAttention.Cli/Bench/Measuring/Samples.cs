using System.Diagnostics;

namespace DistAttention.Cli.Bench.Measuring;

/// <summary>
/// Work and a limit of the machine, timed in turns: other work on the machine slows both, so their ratio means something when
/// neither time does. Samples during which other processes had the processors are taken again, within reason: which ones count is
/// decided by what the others did, never by the result.
/// </summary>
/// <param name="Seconds">Of the work, once per sample.</param>
/// <param name="Limits">Per limit: its rate around each of those times.</param>
internal sealed record Samples(double[] Seconds, double[][] Limits)
{
    /// <summary>Work and limits take so many turns within a sample: what the machine can do changes within tens of milliseconds.</summary>
    private const int TurnsPerSample = 4;

    private static readonly TimeSpan _shortestTurn = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan _warmUp = TimeSpan.FromMilliseconds(500);

    /// <summary>Median time of the work.</summary>
    public double MedianSeconds => Median(Seconds);

    /// <summary>Takes samples.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">What is measured; repeated within a sample when it is short.</param>
    /// <param name="limits">What it is measured against.</param>
    public static async Task<Samples> TakeAsync(int count, Func<Task> work, params Func<Task<double>>[] limits)
    {
        await WarmUpAsync(work).ConfigureAwait(false);
        double once = await TimeAsync(work, 1).ConfigureAwait(false);
        int repeats = Math.Max(1, (int)Math.Ceiling(_shortestTurn.TotalSeconds / once));
        return await TakeAsync(count, TurnsPerSample, () => TimeAsync(work, repeats), limits).ConfigureAwait(false);
    }

    /// <summary>Takes samples of work that does its own timing, because not all it does is to be timed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seconds">Does the work and says how long it took.</param>
    /// <param name="limits">What it is measured against.</param>
    public static Task<Samples> TakeAsync(int count, Func<Task<double>> seconds, params Func<Task<double>>[] limits) => TakeAsync(count, 1, seconds, limits);

    /// <summary>Until caches and pools are filled and the code around the kernels is compiled in full, which takes a number of calls and then some time.</summary>
    private static async Task WarmUpAsync(Func<Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            await work().ConfigureAwait(false);
        }
        while (Stopwatch.GetElapsedTime(start) < _warmUp);
    }

    private static async Task<Samples> TakeAsync(int count, int turns, Func<Task<double>> seconds, Func<Task<double>>[] limits)
    {
        const int MostTries = 4; // per sample wanted
        const double Quiet = 0.03; // of the processors
        int tries = OtherWork.IsKnown ? count * MostTries : count;
        List<(double Disturbed, double Seconds, double[] Rates)> taken = [];
        OtherWork others = new();
        double[] before = await MeasureAsync(limits).ConfigureAwait(false);
        for (int quiet = 0; taken.Count < tries && quiet < count;)
        {
            others.Take();
            long start = Stopwatch.GetTimestamp();
            double time = 0;
            double[] perUnit = new double[limits.Length]; // time of the limits: times add up, rates do not
            for (int turn = 0; turn < turns; turn++)
            {
                time += await seconds().ConfigureAwait(false) / turns;
                double[] after = await MeasureAsync(limits).ConfigureAwait(false);
                for (int i = 0; i < perUnit.Length; i++)
                {
                    perUnit[i] += ((1 / before[i]) + (1 / after[i])) / (2 * turns);
                }

                before = after;
            }

            double disturbed = others.Take() / (Stopwatch.GetElapsedTime(start).TotalSeconds * Environment.ProcessorCount);
            taken.Add((disturbed, time, [.. perUnit.Select(static x => 1 / x)]));
            quiet += disturbed <= Quiet ? 1 : 0;
        }

        (double Disturbed, double Seconds, double[] Rates)[] kept = [.. taken.OrderBy(static sample => Math.Max(sample.Disturbed, Quiet)).Take(count)];
        return new Samples([.. kept.Select(static sample => sample.Seconds)], [.. limits.Select((_, limit) => kept.Select(sample => sample.Rates[limit]).ToArray())]);
    }

    /// <summary>Median of amount per second over a limit.</summary>
    public double Fraction(double amount, int limit = 0) =>
        Median([.. Seconds.Select((seconds, i) => amount / seconds / Limits[limit][i])]);

    public static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Seconds of one run, of several.</summary>
    public static async Task<double> TimeAsync(Func<Task> work, int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
        {
            await work().ConfigureAwait(false);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
    }

    private static async Task<double[]> MeasureAsync(Func<Task<double>>[] limits)
    {
        double[] rates = new double[limits.Length];
        for (int i = 0; i < limits.Length; i++)
        {
            rates[i] = await limits[i]().ConfigureAwait(false);
        }

        return rates;
    }
}
