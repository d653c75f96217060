using DistAttention.Cli.Bench;
using DistAttention.Cli.Cluster.Connecting;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary>The same work in this process, on one silo and on several, one compute thread each; the figures are ratios of one run.</summary>
internal static class ClusterBench
{
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchSettings settings, ProgressSteps steps, CancellationToken cancellationToken)
    {
        BenchWork work = new(settings);
        Measured embedded, one, several;
        EmbeddedHost here = new(threads: 1);
        await using (here.ConfigureAwait(false))
        {
            embedded = await work.RunAsync(here, static () => Task.FromResult<IReadOnlyList<(string, long)>>([]), steps, "embedded", cancellationToken).ConfigureAwait(false);
        }

        one = await OnSilosAsync(1).ConfigureAwait(false);
        several = settings.Silos == 1 ? one : await OnSilosAsync(settings.Silos).ConfigureAwait(false);
        return [.. Rows(settings, embedded, one, several)];

        async Task<Measured> OnSilosAsync(int silos)
        {
            ClusterHost host = await ClusterHost.StartAsync(silos, threadsPerSilo: 1, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                return await work.RunAsync(host, () => host.BytesBySiloAsync(cancellationToken), steps, Units.Plural(silos, "silo"), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static IEnumerable<BenchRow> Rows(BenchSettings settings, Measured embedded, Measured one, Measured several)
    {
        string silos = Units.Plural(settings.Silos, "silo");
        bool two = settings.Silos == 2; // what the targets are for
        yield return Seconds("prefill full, embedded", embedded.Full.Time);
        yield return Seconds("prefill causal, embedded", embedded.Causal.Time);
        yield return Ratio("prefill full, 1 silo / embedded", one.Full.Time, embedded.Full.Time, Goal.AtMost(1.10));
        yield return Ratio("prefill causal, 1 silo / embedded", one.Causal.Time, embedded.Causal.Time, Goal.AtMost(1.10));
        yield return Ratio($"prefill full, speed-up of {silos}", one.Full.Time, several.Full.Time, two ? Goal.AtLeast(1.7) : null);
        yield return Ratio($"prefill causal, speed-up of {silos}", one.Causal.Time, several.Causal.Time, two ? Goal.AtLeast(1.5) : null);
        foreach ((string mask, Prefill prefill) in (IEnumerable<(string, Prefill)>)[("full", several.Full), ("causal", several.Causal)])
        {
            yield return new BenchRow($"prefill {mask}, bytes on the network / planned", (double)prefill.NetworkBytes / prefill.PlannedBytes, "×", Goal.AtMost(1.15));
            yield return Mebibytes($"prefill {mask}, planned", prefill.PlannedBytes);
            foreach ((string silo, long bytes) in prefill.BySilo)
            {
                yield return Mebibytes($"prefill {mask}, moved by {silo}", bytes);
            }
        }

        yield return new BenchRow("decode step, embedded", embedded.Decode.TotalMilliseconds, "ms");
        yield return Ratio("decode step, 1 silo / embedded", one.Decode, embedded.Decode);
        yield return Ratio($"decode step, {silos} / embedded", several.Decode, embedded.Decode, two ? Goal.AtMost(1.3) : null);
        yield return new BenchRow("append, embedded", embedded.AppendBytes / embedded.Append.TotalSeconds / 1e9, "GB/s");
        yield return Ratio("append, 1 silo / embedded", one.Append, embedded.Append);
        yield return Ratio($"append, {silos} / embedded", several.Append, embedded.Append);
    }

    private static BenchRow Seconds(string name, TimeSpan time) => new(name, time.TotalSeconds, "s");

    private static BenchRow Mebibytes(string name, long bytes) => new(name, bytes / (double)(1 << 20), "MiB");

    private static BenchRow Ratio(string name, TimeSpan time, TimeSpan of, Goal? target = null) => new(name, time / of, "×", target);
}
