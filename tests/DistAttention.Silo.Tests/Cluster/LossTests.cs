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
        IAttentionSequence sequence = await AppendAsync(client, "spread", 2048);
        float[] q = new SeededData(9).Normal(64 * 4 * 32);
        byte[] whole = Bits(await sequence.AttendAsync(q));
        byte[] firstHalf = Bits(await sequence.AttendAsync(q, new() { Length = 1024 }));

        // Placement gives the first shard to the silo of the ledger, and the second to another.
        string ledger = await LedgerSiloAsync(client);
        string[] owners = [.. (await sequence.ExplainAsync(64)).Visits.Select(static visit => visit.Owner)];
        Assert.Equal(ledger, owners[0]);
        Assert.NotEqual(ledger, owners[1]);
        IReadOnlyList<SiloReport> silos = await client.GetClusterReportAsync();

        SiloReport without = silos.Single(silo => !owners.Contains(silo.Silo));
        (await _home.ClusterAsync("kill", without.Name)).Ok();
        Assert.Equal(whole, Bits(await sequence.AttendAsync(q)));
        await _home.WaitUntilNoticedAsync(without.Name); // it takes two to declare one of three dead
        Assert.Equal(whole, Bits(await sequence.AttendAsync(q)));

        SiloReport killed = silos.Single(silo => silo.Silo == owners[1]);
        (await _home.ClusterAsync("kill", killed.Name)).Ok();
        long since = Stopwatch.GetTimestamp();
        ShardLostException lost = await Assert.ThrowsAsync<ShardLostException>(() => sequence.AttendAsync(q, new AttendOptions { Timeout = TimeSpan.FromSeconds(30) }));
        Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(15), $"it took {Stopwatch.GetElapsedTime(since)}");
        Assert.Equal(new PositionRange(1024, 2048), lost.Positions);
        Assert.Equal(firstHalf, Bits(await sequence.AttendAsync(q, new() { Length = 1024 })));

        await _home.WaitUntilNoticedAsync(killed.Name);
        IAttentionSequence next = await AppendAsync(client, "next", 2048);
        Assert.Equal(whole, Bits(await next.AttendAsync(q)));
    }

    /// <summary>
    /// A silo that holds no row of the sequence, but coordinates calls on it, is asked to stop while calls run: what it has begun it
    /// finishes, what reaches it too late is made again elsewhere, and no caller sees anything of it.
    /// </summary>
    [Fact]
    public async Task CallsThatRunWhenASiloIsAskedToStopAreAnswered()
    {
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        await using DistAttentionClient client = await ConnectAsync();
        IAttentionSequence sequence = await AppendAsync(client, "here", 1024);
        float[] q = new SeededData(9).Normal(512 * 4 * 32);
        byte[] expected = Bits(await sequence.AttendAsync(q));
        string owner = Assert.Single((await sequence.ExplainAsync(512)).Visits.Select(static visit => visit.Owner).Distinct());
        SiloReport other = (await client.GetClusterReportAsync()).Single(silo => silo.Silo != owner);

        using CancellationTokenSource enough = new();
        Task<int>[] callers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            int answered = 0;
            while (!enough.IsCancellationRequested)
            {
                Assert.Equal(expected, Bits(await sequence.AttendAsync(q)));
                answered++;
            }

            return answered;
        }))];
        await Task.Delay(200); // calls are under way, to both silos
        await TerminateAsync(other.ProcessId);
        await enough.CancelAsync();
        Assert.All(await Task.WhenAll(callers), static answered => Assert.True(answered > 0));
        Assert.Equal(expected, Bits(await sequence.AttendAsync(q)));
    }

    [Fact]
    public async Task AskedToStopASiloLeavesInOrder()
    {
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        int process = (int)(await _home.StatusAsync())["silo-2"]["process"]!;
        await TerminateAsync(process);
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

    /// <summary>Asks a silo to stop, and waits until it has.</summary>
    private async Task TerminateAsync(int process)
    {
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
    }

    private static async Task<string> LedgerSiloAsync(DistAttentionClient client) =>
        (await client.GetClusterReportAsync()).Single(static silo => silo.Sequences > 0).Silo;

    private static byte[] Bits(AttentionResult result) =>
        [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes(result.Output.Span), .. System.Runtime.InteropServices.MemoryMarshal.AsBytes(result.Lse.Span)];
}
