using DistAttention.Chaos.Faults;
using DistAttention.Chaos.Load;
using DistAttention.Chaos.Silos;
using DistAttention.Client;
using DistAttention.Engine;

namespace DistAttention.Chaos.Running;

/// <summary>
/// Silos of real processes, clients that append and ask all the time, faults all the time, and one process that holds the same rows: what is
/// acknowledged must be there, what is answered must have its bits.
/// </summary>
public static class ChaosRun
{
    private const int Sequences = 3;
    private const int WritersPerSequence = 2;

    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024 };

    /// <summary>Runs, and ends every process that it started.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="output">Told what is going on.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<ChaosReport> RunAsync(ChaosOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        ChaosReport report = new();
        SiloCluster cluster = await SiloCluster.StartAsync(options, cancellationToken).ConfigureAwait(false);
        await using (cluster.ConfigureAwait(false))
        {
            DistAttentionClient client = await cluster.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
                await output.WriteLineAsync($"{options.Silos} silos, members in {cluster.Membership}, seed {options.Seed}{(options.Keep ? $", all in {cluster.Folder}" : "")}").ConfigureAwait(false);
                await using EmbeddedAttention embedded = new(new EmbeddedOptions { ComputeThreads = 1 });
                await RunAsync(options, cluster, client, embedded, report, output, cancellationToken).ConfigureAwait(false);
            }
        }

        return report;
    }

    private static async Task RunAsync(ChaosOptions options, SiloCluster cluster, DistAttentionClient client, EmbeddedAttention embedded, ChaosReport report, TextWriter output, CancellationToken cancellationToken)
    {
        List<(IAttentionSequence Sequence, ModelSequence Model)> sequences = [];
        for (int i = 0; i < Sequences; i++)
        {
            string name = $"chaos/{i}";
            IAttentionSequence model = await embedded.CreateSequenceAsync(name, _spec, cancellationToken).ConfigureAwait(false);
            sequences.Add((await client.CreateSequenceAsync(name, _spec, cancellationToken).ConfigureAwait(false), new ModelSequence(model, options.Seed + (ulong)i)));
        }

        using CancellationTokenSource enoughFaults = new();
        Nemesis nemesis = new(cluster, client, options, report, output);
        Task[] load =
        [
            .. sequences.SelectMany(s => Enumerable.Range(0, WritersPerSequence).Select(w =>
                Task.Run(() => new Writer(s.Sequence, s.Model, report).RunAsync((ulong)w, WritersPerSequence, enoughFaults.Token, cancellationToken), cancellationToken))),
            .. sequences.Select((s, i) => Task.Run(() => new Reader(s.Sequence, s.Model, report, options.Seed + 100 + (ulong)i).RunAsync(enoughFaults.Token, cancellationToken), cancellationToken)),
        ];
        await nemesis.RunAsync(cancellationToken).ConfigureAwait(false);
        await nemesis.CalmAsync(cancellationToken).ConfigureAwait(false);
        await enoughFaults.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(load).ConfigureAwait(false);
        foreach ((IAttentionSequence sequence, ModelSequence model) in sequences)
        {
            await RestCheck.RunAsync(sequence, model, report, options.Seed, cancellationToken).ConfigureAwait(false);
            model.Dispose();
        }
    }
}
