using System.Diagnostics;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>A sequence with a time to live, on silos of real processes and the machine's clock.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ExpiryTests : IDisposable
{
    private static readonly TimeSpan _ttl = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024, TimeToLive = _ttl };

    private readonly ClusterHome _home = new(("DISTATTN_Attention__ExpirySweepInterval", "00:00:00.2"));

    [Fact]
    public async Task ASequenceLivesWhileItIsUsedAndIsSweptThen()
    {
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        await using DistAttentionClient client = await DistAttentionClient.ConnectAsync(
            new DistAttentionClientOptions { ConfigureClustering = c => c.Services.AddFileGateways(_home.Folder) });
        IAttentionSequence used = await FillAsync(client, "used");
        IAttentionSequence left = await FillAsync(client, "left");
        long began = Stopwatch.GetTimestamp();
        float[] q = new SeededData(9).Normal(4 * 16);
        string expected = BitDigest.Of((await used.AttendAsync(q)).Output.ToArray());
        while (Stopwatch.GetElapsedTime(began) < 1.5 * _ttl)
        {
            Assert.Equal(expected, BitDigest.Of((await used.AttendAsync(q)).Output.ToArray()));
            await Task.Delay(50); // far less than a life
        }

        Assert.Equal("left", (await Assert.ThrowsAsync<SequenceNotFoundException>(() => left.AttendAsync(q))).Id.Value);
        while ((await client.GetClusterReportAsync()).Sum(static silo => silo.ResidentBytes) > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < _patience, "nobody sweeps");
            await Task.Delay(50); // nobody uses it any more
        }

        await foreach (SequenceInfo info in client.ListSequencesAsync())
        {
            Assert.Fail($"{info.Id} is still there");
        }
    }

    public void Dispose() => _home.Dispose();

    private static async Task<IAttentionSequence> FillAsync(IAttentionClient client, SequenceId name)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(name, _spec);
        SeededData data = new(4);
        await sequence.AppendAsync(data.Normal(2000 * 2 * 16), data.Normal(2000 * 2 * 16));
        return sequence;
    }
}
