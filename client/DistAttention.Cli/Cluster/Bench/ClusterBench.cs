using DistAttention.Cli.Bench;
using DistAttention.Cli.Cluster.Connecting;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary>
/// The same work in this process, on one silo and on several, all alive at once and measured in turns: the figures are
/// medians of the ratios of the rounds. One compute thread each for prefill; decode is compared with as many threads as silos.
/// </summary>
internal static class ClusterBench
{
    /// <summary>Rounds of decode for one of anything else: a step is short, and what else the machine does weighs more.</summary>
    private const int DecodeRounds = 3;

    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchSettings settings, ProgressSteps steps, CancellationToken cancellationToken)
    {
        BenchInputs inputs = new(settings);
        ProgressStep step = steps.Start("prepare and warm up", 4, "places");
        EmbeddedHost oneThread = new(threads: 1);
        await using (oneThread.ConfigureAwait(false))
        {
            BenchPlace embedded = await PrepareAsync(oneThread, 1).ConfigureAwait(false);
            EmbeddedHost allThreads = new(settings.Silos);
            await using (allThreads.ConfigureAwait(false))
            {
                BenchPlace threaded = await PrepareAsync(allThreads, 2).ConfigureAwait(false);
                ClusterHost single = await ClusterHost.StartAsync(1, threadsPerSilo: 1, cancellationToken).ConfigureAwait(false);
                await using (single.ConfigureAwait(false))
                {
                    BenchPlace one = await PrepareAsync(single, 3).ConfigureAwait(false);
                    ClusterHost multiple = await ClusterHost.StartAsync(settings.Silos, threadsPerSilo: 1, cancellationToken).ConfigureAwait(false);
                    await using (multiple.ConfigureAwait(false))
                    {
                        BenchPlace several = await PrepareAsync(multiple, 4).ConfigureAwait(false);
                        return await MeasureAsync(settings, embedded, threaded, one, several, multiple, steps, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }

        async Task<BenchPlace> PrepareAsync(IAttentionHost host, int number)
        {
            BenchPlace place = await BenchPlace.PrepareAsync(settings, host, inputs, cancellationToken).ConfigureAwait(false);
            step.Report(number);
            return place;
        }
    }

    private static async Task<IReadOnlyList<BenchRow>> MeasureAsync(
        BenchSettings settings, BenchPlace embedded, BenchPlace threaded, BenchPlace one, BenchPlace several, ClusterHost silosOfSeveral, ProgressSteps steps, CancellationToken cancellationToken)
    {
        string silos = Units.Plural(settings.Silos, "silo");
        bool two = settings.Silos == 2; // what the targets are for
        List<BenchRow> rows = [];
        ProgressStep step = steps.Start("measure", (3 + DecodeRounds) * settings.Rounds, "turns");
        long turns = 0;
        foreach ((AttentionMask mask, double speedUp) in (IEnumerable<(AttentionMask, double)>)[(AttentionMask.Full, 1.7), (AttentionMask.Causal, 1.5)])
        {
            double[][] seconds = await RoundsAsync([embedded, one, several], place => place.PrefillAsync(mask, cancellationToken), settings.Rounds).ConfigureAwait(false);
            rows.Add(new BenchRow($"prefill {mask}, embedded", Median(seconds[0]), "s"));
            rows.Add(new BenchRow($"prefill {mask}, 1 silo / embedded", MedianRatio(seconds[1], seconds[0]), "×", Goal.AtMost(1.10)));
            rows.Add(new BenchRow($"prefill {mask}, speed-up of {silos}", MedianRatio(seconds[1], seconds[2]), "×", two ? Goal.AtLeast(speedUp) : null));
            IReadOnlyList<(string Silo, long Bytes)> before = await silosOfSeveral.BytesBySiloAsync(cancellationToken).ConfigureAwait(false);
            (long network, long planned) = await several.PrefillBytesAsync(mask, cancellationToken).ConfigureAwait(false);
            rows.Add(new BenchRow($"prefill {mask}, bytes on the network / planned", (double)network / planned, "×", Goal.AtMost(1.15)));
            rows.Add(Mebibytes($"prefill {mask}, planned", planned));
            foreach ((string silo, long bytes) in await silosOfSeveral.BytesBySiloAsync(cancellationToken).ConfigureAwait(false))
            {
                rows.Add(Mebibytes($"prefill {mask}, moved by {silo}", bytes - before.First(b => b.Silo == silo).Bytes));
            }
        }

        string threads = Units.Plural(settings.Silos, "thread");
        double[][] decode = await RoundsAsync([threaded, one, several], place => place.DecodeAsync(cancellationToken), DecodeRounds * settings.Rounds).ConfigureAwait(false);
        rows.Add(new BenchRow($"decode step, embedded with {threads}", Median(decode[0]) * 1e3, "ms"));
        rows.Add(new BenchRow($"decode step, 1 silo / embedded with {threads}", MedianRatio(decode[1], decode[0]), "×"));
        rows.Add(new BenchRow($"decode step, {silos} / embedded with {threads}", MedianRatio(decode[2], decode[0]), "×", two ? Goal.AtMost(1.3) : null));
        double[][] append = await RoundsAsync([embedded, one, several], place => place.AppendAsync(cancellationToken), settings.Rounds).ConfigureAwait(false);
        rows.Add(new BenchRow("append, embedded", settings.AppendBytes / Median(append[0]) / 1e9, "GB/s"));
        rows.Add(new BenchRow("append, 1 silo / embedded", MedianRatio(append[1], append[0]), "×"));
        rows.Add(new BenchRow($"append, {silos} / embedded", MedianRatio(append[2], append[0]), "×"));
        return rows;

        async Task<double[][]> RoundsAsync(BenchPlace[] places, Func<BenchPlace, Task<TimeSpan>> work, int rounds)
        {
            double[][] seconds = [.. places.Select(_ => new double[rounds])];
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < places.Length; i++)
                {
                    seconds[i][round] = (await work(places[i]).ConfigureAwait(false)).TotalSeconds;
                }

                step.Report(++turns);
            }

            return seconds;
        }
    }

    private static BenchRow Mebibytes(string name, long bytes) => new(name, bytes / (double)(1 << 20), "MiB");

    private static double MedianRatio(double[] of, double[] to) => Median([.. of.Zip(to, static (a, b) => a / b)]);

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
