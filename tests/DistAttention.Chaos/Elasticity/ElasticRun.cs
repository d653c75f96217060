using System.Diagnostics;
using DistAttention.Chaos.Load;
using DistAttention.Chaos.Running;
using DistAttention.Chaos.Silos;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Engine;

namespace DistAttention.Chaos.Elasticity;

/// <summary>
/// Silos of real processes come and go in order while clients append and ask all the time. No call may fail: what callers see of it is at most that a
/// call takes longer. Every answer is held against one process.
/// </summary>
public static class ElasticRun
{
    private const int Sequences = 4;
    private const int WritersPerSequence = 1;

    /// <summary>As even as is asked for.</summary>
    private const double MostUneven = 0.2;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024 };

    /// <summary>Runs, and ends every process that it started.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="output">Told what is going on.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<ElasticReport> RunAsync(ElasticOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        ElasticReport report = new();
        ChaosOptions silos = options.Cluster with { Silos = options.Scenario == ElasticScenario.Scale ? 4 : 3, Arguments = ["--Attention:RebalanceAfter", "00:00:02", "--Attention:HandOverTime", "00:00:02"] };
        SiloCluster cluster = await SiloCluster.StartAsync(options.Scenario == ElasticScenario.Scale ? silos with { FirstSilos = 2 } : silos, cancellationToken).ConfigureAwait(false);
        await using (cluster.ConfigureAwait(false))
        {
            DistAttentionClient client = await cluster.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
                await using EmbeddedAttention embedded = new(new EmbeddedOptions { ComputeThreads = 1 });
                await UnderLoadAsync(options, cluster, client, embedded, report, output, cancellationToken).ConfigureAwait(false);
            }
        }

        return report;
    }

    private static async Task UnderLoadAsync(ElasticOptions options, SiloCluster cluster, DistAttentionClient client, EmbeddedAttention embedded, ElasticReport report, TextWriter output, CancellationToken cancellationToken)
    {
        List<(IAttentionSequence Sequence, ModelSequence Model)> sequences = [];
        for (int i = 0; i < Sequences; i++)
        {
            string name = $"elastic/{i}";
            ModelSequence model = new(await embedded.CreateSequenceAsync(name, _spec, cancellationToken).ConfigureAwait(false), options.Cluster.Seed + (ulong)i);
            IAttentionSequence sequence = await client.CreateSequenceAsync(name, _spec, cancellationToken).ConfigureAwait(false);
            await model.LoadAsync(sequence, options.Rows, cancellationToken).ConfigureAwait(false);
            sequences.Add((sequence, model));
        }

        using CancellationTokenSource enough = new();
        Task[] load =
        [
            .. sequences.SelectMany(s => Enumerable.Range(0, WritersPerSequence).Select(w =>
                Task.Run(() => new Writer(s.Sequence, s.Model, report.Calls).RunAsync((ulong)w, WritersPerSequence, enough.Token, cancellationToken), cancellationToken))),
            .. sequences.Select((s, i) => Task.Run(() => new Reader(s.Sequence, s.Model, report.Calls, options.Cluster.Seed + 100 + (ulong)i).RunAsync(enough.Token, cancellationToken), cancellationToken)),
        ];
        Changes changes = new(cluster, client, options, report, output);
        try
        {
            await (options.Scenario == ElasticScenario.Scale ? changes.ScaleAsync(MostUneven, _patience, cancellationToken) : changes.RestartEachAsync(cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            await enough.CancelAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(load).ConfigureAwait(false);
        foreach ((_, ModelSequence model) in sequences)
        {
            model.Dispose();
        }
    }
}
