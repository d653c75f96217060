using System.Diagnostics;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using DistAttention.Engine;
using DistAttention.Testing;
using Xunit.Abstractions;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>With second copies of shards, a query outlives the silo that it was asking: it waits for no reading back and for no failure detector.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ReplicaTests(ITestOutputHelper output) : IDisposable
{
    private const int Length = 6000;

    /// <summary>What a kill may add on a machine that does other things too: reading back behind the failure detector takes longer still.</summary>
    private static readonly TimeSpan _generous = TimeSpan.FromSeconds(4);

    private static readonly AttentionProblem _problem = new() { Seed = 71, NumHeadsKv = 2, GroupSize = 2, HeadDim = 32, HeadDimV = 32, Length = Length, Rows = 1, Mask = AttentionMask.Causal };
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 32, ShardLength = 1024, ExpectedLength = Length };

    private readonly ClusterHome _home = new(("DISTATTN_Attention__Replicas", "2"));

    [Fact]
    public async Task ADecodeQueryOutlivesItsSilo() => await KillEachAsync(kills: 1, TimeSpan.FromSeconds(1.5), _generous);

    /// <summary>As the median of some kills: any one of them may be held up by what else the machine does.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public async Task ADecodeQueryOutlivesItsSiloWithinHalfASecond() => await KillEachAsync(kills: 9, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(500));

    public void Dispose() => _home.Dispose();

    /// <summary>
    /// Asks without a pause, and appends beside it. What a kill adds is how much longer the slowest query took from then on than in a time as long
    /// before it, in which the machine did as much else.
    /// </summary>
    private async Task KillEachAsync(int kills, TimeSpan window, TimeSpan mostAdded)
    {
        List<TimeSpan> all = [];
        (await _home.ClusterAsync("up", "--silos", "3")).Ok();
        await using DistAttentionClient client = await DistAttentionClient.ConnectAsync(
            new DistAttentionClientOptions { ConfigureClustering = c => c.Services.AddFileGateways(_home.Folder) });
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _spec);
        await sequence.AppendAsync(_problem.K, _problem.V);
        IAttentionSequence other = await client.CreateSequenceAsync("appended", _spec);
        await using EmbeddedAttention embedded = new(new EmbeddedOptions { ComputeThreads = 1 });
        IAttentionSequence model = await embedded.CreateSequenceAsync("s", _spec);
        await model.AppendAsync(_problem.K, _problem.V);
        string expected = await AnswerAsync(model);
        Random random = new(3);
        for (int kill = 0; kill < kills; kill++)
        {
            await WaitUntilCopiesAreWarmAsync(client);
            string silo = $"silo-{(kill % 3) + 1}";
            int process = (int)(await _home.StatusAsync())[silo]["process"]!;
            for (int i = 0; i < 100; i++)
            {
                await AnswerAsync(sequence); // a silo that has just started is slow for a while
            }

            using CancellationTokenSource enough = new();
            long began = Stopwatch.GetTimestamp();
            Task<List<(TimeSpan Ended, TimeSpan Took)>> asking = Task.Run(() => AskAsync(sequence, expected, enough.Token));
            Task<List<TimeSpan>> appending = Task.Run(() => AppendAsync(other, enough.Token));
            await Task.Delay(window + TimeSpan.FromMilliseconds(random.Next(100))); // somewhere inside a query
            TimeSpan killedAt = Stopwatch.GetElapsedTime(began);
            using (Process killed = Process.GetProcessById(process))
            {
                killed.Kill();
            }

            await Task.Delay(window); // what the loss costs, it costs soon
            await enough.CancelAsync();
            List<(TimeSpan Ended, TimeSpan Took)> took = await asking;
            List<TimeSpan> appends = await appending;
            TimeSpan slowestBefore = took.Where(t => t.Ended < killedAt).Max(static t => t.Took);
            TimeSpan slowest = took.Where(t => t.Ended >= killedAt).Max(static t => t.Took);
            TimeSpan added = slowest > slowestBefore ? slowest - slowestBefore : TimeSpan.Zero;
            output.WriteLine($"{silo} killed: {took.Count} queries, the slowest {slowestBefore.TotalMilliseconds:N0} ms before and {slowest.TotalMilliseconds:N0} ms after; {appends.Count} appends, the slowest {appends.Max().TotalMilliseconds:N0} ms");
            all.Add(added);
            (await _home.ClusterAsync("up", "--silos", "3")).Ok();
        }

        TimeSpan median = all.Order().ElementAt(all.Count / 2);
        output.WriteLine($"a kill added {median.TotalMilliseconds:N0} ms (median of {kills}), {all.Max().TotalMilliseconds:N0} ms at most");
        Assert.True(median <= mostAdded, $"a kill adds {median.TotalMilliseconds:N0} ms");
    }

    private static async Task<List<(TimeSpan Ended, TimeSpan Took)>> AskAsync(IAttentionSequence sequence, string expected, CancellationToken enough)
    {
        List<(TimeSpan Ended, TimeSpan Took)> took = [];
        long began = Stopwatch.GetTimestamp();
        while (!enough.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            Assert.Equal(expected, await AnswerAsync(sequence));
            took.Add((Stopwatch.GetElapsedTime(began), Stopwatch.GetElapsedTime(started)));
        }

        return took;
    }

    private static async Task<List<TimeSpan>> AppendAsync(IAttentionSequence sequence, CancellationToken enough)
    {
        int row = _problem.NumHeadsKv * _problem.HeadDim;
        List<TimeSpan> took = [];
        while (!enough.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            await sequence.AppendAsync(_problem.K.AsMemory(0, row), _problem.V.AsMemory(0, row), cancellationToken: CancellationToken.None);
            took.Add(Stopwatch.GetElapsedTime(started));
            await Task.Delay(20, CancellationToken.None); // a step of decoding now and then, not as many as fit: they share two cores with what is measured
        }

        return took;
    }

    private static async Task<string> AnswerAsync(IAttentionSequence sequence)
    {
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new AttendOptions { Mask = _problem.Mask, Timeout = TimeSpan.FromSeconds(60) });
        return BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());
    }

    /// <summary>Each row is held twice.</summary>
    private static async Task WaitUntilCopiesAreWarmAsync(DistAttentionClient client)
    {
        long started = Stopwatch.GetTimestamp();
        while ((await client.GetClusterReportAsync()).Sum(static silo => silo.Positions) < 2 * Length)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), "the second copies are not read");
            await Task.Delay(50); // the silos tell nobody: they have to be asked
        }
    }
}
