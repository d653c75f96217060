using System.Diagnostics;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using DistAttention.Testing;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>What callers see when silos are killed under them.</summary>
[Collection(ClusterCollection.Name)]
public sealed class LossTests : IDisposable
{
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 32, ShardLength = 1024, ExpectedLength = 2048 };

    private readonly ClusterHome _home = new();

    [Fact]
    public async Task OnlyWhatWasLostIsLost()
    {
        (await _home.ClusterAsync("up", "--silos", "3", "--in-memory")).Ok();
        await using DistAttentionClient client = await ConnectAsync();
        IAttentionSequence small = await AppendAsync(client, "small", 1024);
        float[] q = new SeededData(9).Normal(64 * 4 * 32);
        byte[] expected = Bits(await small.AttendAsync(q));
        string owner = Assert.Single(await OwnersAsync(small, 1024));
        string ledger = await LedgerSiloAsync(client);
        IReadOnlyList<SiloReport> silos = await client.GetClusterReportAsync();

        SiloReport killed = silos.First(silo => silo.Silo != owner && silo.Silo != ledger);
        (await _home.ClusterAsync("kill", killed.Name)).Ok();
        Assert.Equal(expected, Bits(await small.AttendAsync(q)));

        if (owner != ledger)
        {
            killed = silos.First(silo => silo.Silo == owner);
            (await _home.ClusterAsync("kill", killed.Name)).Ok();
            long since = Stopwatch.GetTimestamp();
            ShardLostException lost = await Assert.ThrowsAsync<ShardLostException>(() => small.AttendAsync(q, new AttendOptions { Timeout = TimeSpan.FromSeconds(30) }));
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(15), $"it took {Stopwatch.GetElapsedTime(since)}");
            Assert.Equal(new PositionRange(0, 1024), lost.Positions);
        }

        await _home.WaitUntilNoticedAsync(killed.Name);
        IAttentionSequence next = await AppendAsync(client, "next", 2048);
        await next.AttendAsync(q);
    }

    [Fact]
    public async Task AskedToStopASiloLeavesInOrder()
    {
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        int process = (int)(await _home.StatusAsync())["silo-2"]["process"]!;
        using (Process kill = Process.Start("kill", ["-TERM", $"{process}"]))
        {
            await kill.WaitForExitAsync();
        }

        long asked = Stopwatch.GetTimestamp();
        while (_home.Silos().Contains(process))
        {
            Assert.True(Stopwatch.GetElapsedTime(asked) < TimeSpan.FromSeconds(30));
            await Task.Delay(50); // another process tells nobody: it has to be looked at
        }

        Assert.Equal(SiloStatus.Dead, ClusterMembers.Read(_home.Folder).Single(static member => member.Name == "silo-2").Status); // it said so itself
        string[] log = File.ReadAllLines(Path.Combine(_home.Folder, "silo-2.log"));
        Assert.Single(log, static line => line.Contains("ready: silo silo-2", StringComparison.Ordinal));
        Assert.Contains("has stopped", log[^1], StringComparison.Ordinal);
    }

    public void Dispose() => _home.Dispose();

    private Task<DistAttentionClient> ConnectAsync() =>
        DistAttentionClient.ConnectAsync(new DistAttentionClientOptions { ConfigureClustering = client => client.Services.AddFileGateways(_home.Folder) });

    private static async Task<IAttentionSequence> AppendAsync(IAttentionClient client, SequenceId name, int positions)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(name, _spec);
        SeededData data = new(4);
        await sequence.AppendAsync(data.Normal(positions * 2 * 32), data.Normal(positions * 2 * 32));
        return sequence;
    }

    private static async Task<string[]> OwnersAsync(IAttentionSequence sequence, int rows) =>
        [.. (await sequence.ExplainAsync(rows)).Visits.Select(static visit => visit.Owner).Distinct()];

    private static async Task<string> LedgerSiloAsync(DistAttentionClient client) =>
        (await client.GetClusterReportAsync()).Single(static silo => silo.Sequences > 0).Silo;

    private static byte[] Bits(AttentionResult result) =>
        [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes(result.Output.Span), .. System.Runtime.InteropServices.MemoryMarshal.AsBytes(result.Lse.Span)];
}
