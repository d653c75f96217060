using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;
using DistAttention.Client;
using DistAttention.Contracts.Membership;
using DistAttention.Engine;
using DistAttention.Silo.Tests.Cluster;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Elasticity;

/// <summary><c>distattn drain</c> and <c>distattn rebalance</c> on silos of real processes.</summary>
[Collection(ClusterCollection.Name)]
public sealed class MovingVerbsTests : IDisposable
{
    private const int Length = 24 * 1024;

    private static readonly AttentionProblem _problem = new() { Seed = 91, NumHeadsKv = 2, GroupSize = 2, HeadDim = 16, HeadDimV = 16, Length = Length, Rows = 4, Mask = AttentionMask.Causal };
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024, ExpectedLength = Length };

    private readonly ClusterHome _home = new(("DISTATTN_Attention__RebalanceAfter", "00:00:00"), ("DISTATTN_Attention__HandOverTime", "00:00:01"));

    [Fact]
    public async Task ASiloIsEmptiedAndTakesPartAgain()
    {
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        await using DistAttentionClient client = await DistAttentionClient.ConnectAsync(new DistAttentionClientOptions { ConfigureClustering = c => c.Services.AddFileGateways(_home.Folder) });
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _spec);
        await sequence.AppendAsync(_problem.K, _problem.V);
        string expected = await ExpectedAsync();

        // A silo that joins gets nothing by itself here.
        (await _home.ClusterAsync("up", "--silos", "3")).Ok();
        Assert.Equal(0, await ShardsAsync("silo-3"));
        JsonNode planned = (await _home.RunAsync("rebalance", "--dry-run", "--json")).Ok().Json;
        Assert.True((bool)planned["dryRun"]!);
        Assert.InRange((int)planned["planned"]!, 6, 8);
        Assert.All(planned["moves"]!.AsArray(), static move => Assert.Equal(("s", "silo-3"), ((string)move!["sequence"]!, (string)move["to"]!)));
        Assert.Equal(0, await ShardsAsync("silo-3"));

        Ended rebalanced = (await _home.RunAsync("rebalance")).Ok();
        Assert.Contains("moved", rebalanced.Error, StringComparison.Ordinal);
        Assert.InRange(await ShardsAsync("silo-3"), 6, 8);
        Assert.Equal(expected, await AnswerAsync(sequence));
        Assert.Equal(0, (int)(await _home.RunAsync("rebalance", "--json")).Ok().Json["planned"]!);

        JsonNode drained = (await _home.RunAsync("drain", "silo-1", "--json")).Ok().Json;
        Assert.InRange((int)drained["moved"]!, 7, 9);
        Assert.Equal((0, (int)drained["planned"]!), ((int)drained["stayed"]!, (int)drained["moved"]!));
        Assert.Equal("drained", (string)(await _home.StatusAsync())["silo-1"]["state"]!);
        Assert.Equal(expected, await AnswerAsync(sequence));
        await WaitUntilAsync(async () => await ShardsAsync("silo-1") == 0);

        // Nothing new goes there.
        IAttentionSequence other = await client.CreateSequenceAsync("other", _spec);
        await other.AppendAsync(_problem.K, _problem.V);
        Assert.Equal(0, await ShardsAsync("silo-1"));
        (await _home.RunAsync("drain", "silo-1", "--undo")).Ok();
        Assert.InRange(await ShardsAsync("silo-1"), 12, 20);
        Assert.Equal(expected, await AnswerAsync(sequence));
        Assert.Equal(expected, await AnswerAsync(other));

        (await _home.RunAsync("drain", "silo-9")).Failed(1, "there is no silo 'silo-9'");
        (await _home.RunAsync("drain", "silo-1")).Ok();
        (await _home.RunAsync("drain", "silo-2")).Ok();
        (await _home.RunAsync("drain", "silo-3")).Failed(1, "no other silo stays to take over from silo-3");
        Assert.Equal(expected, await AnswerAsync(sequence));
    }

    public void Dispose() => _home.Dispose();

    private static async Task<string> ExpectedAsync()
    {
        await using EmbeddedAttention embedded = new(new EmbeddedOptions { ComputeThreads = 1 });
        IAttentionSequence sequence = await embedded.CreateSequenceAsync("s", _spec);
        await sequence.AppendAsync(_problem.K, _problem.V);
        return await AnswerAsync(sequence);
    }

    private static async Task<string> AnswerAsync(IAttentionSequence sequence)
    {
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new AttendOptions { Mask = _problem.Mask });
        return BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());
    }

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        for (int i = 0; !await condition(); i++)
        {
            Assert.True(i < 100, "it does not come about");
            await Task.Delay(100); // another process tells nobody: it has to be asked
        }
    }

    private async Task<int> ShardsAsync(string silo) => (int)(await _home.StatusAsync())[silo]["shards"]!;
}
