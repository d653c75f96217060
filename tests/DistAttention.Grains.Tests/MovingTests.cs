using DistAttention.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Grains.Tests;

/// <summary>Shards and ledgers that are in memory only move from silo to silo; forks share them, and nothing is left behind.</summary>
public sealed class MovingTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 711, Length = 9000, Rows = 20, GroupSize = 2 };
    private static readonly AttentionProblem _first = _problem with { Length = 5000 };

    [Fact]
    public async Task ASiloLeavesAndNothingIsMissedOrLeftBehind()
    {
        await using TestSilos silos = await TestSilos.StartAsync(3, static o =>
        {
            o.RebalanceAfter = TimeSpan.Zero;
            o.HandOverTime = TimeSpan.FromMilliseconds(300);
        });
        List<IAttentionSequence> sequences = [];
        for (int i = 0; i < 4; i++)
        {
            sequences.Add(await silos.Client.CreateSequenceAsync($"s/{i}", _problem.Spec()));
            await sequences[i].AppendRowsAsync(_problem, 0, 5000);
        }

        IAttentionSequence fork = await sequences[0].ForkAsync("fork", 4096);
        int length = 5000;
        foreach (Silo leaving in Silo.AllOf(silos).Take(2))
        {
            // Appended to and asked while it leaves.
            Task left = silos.Cluster.GetSiloServiceProvider(leaving.Handle.SiloAddress).GetRequiredService<SiloDeparture>().LeaveAsync(CancellationToken.None);
            while (!left.IsCompleted)
            {
                Assert.Equal(_first.PrefixDigest(_problem), (await sequences[1].AttendAsync(_problem.Q, new() { Length = 5000 })).Digest());
            }

            await left;
            Assert.True(silos.Cluster.GetSiloServiceProvider(leaving.Handle.SiloAddress).GetRequiredService<SiloDeparture>().IsLeaving);
            foreach (IAttentionSequence sequence in sequences)
            {
                Assert.DoesNotContain(leaving.Owner, (await sequence.ExplainAsync(1)).Visits.Select(static v => v.Owner));
                await sequence.AppendRowsAsync(_problem, length, 2000);
            }

            length += 2000;

            Assert.DoesNotContain(leaving.Owner, (await fork.ExplainAsync(1)).Visits.Select(static v => v.Owner));
            await silos.Cluster.StopSiloAsync(leaving.Handle);
        }

        string expected = _problem.KernelDigest();
        foreach (IAttentionSequence sequence in sequences)
        {
            Assert.Equal(expected, (await sequence.AttendAsync(_problem.Q)).Digest());
        }

        Assert.Equal((_problem with { Length = 4096 }).PrefixDigest(_problem), (await fork.AttendAsync(_problem.Q)).Digest());
        foreach (IAttentionSequence sequence in sequences)
        {
            await silos.Client.DeleteSequenceAsync(sequence.Id);
        }

        Assert.Equal((_problem with { Length = 4096 }).PrefixDigest(_problem), (await fork.AttendAsync(_problem.Q)).Digest());
        await silos.Client.DeleteSequenceAsync(fork.Id);
        Silo stays = Assert.Single(Silo.AllOf(silos));
        Assert.Equal(0, stays.UsedBytes);
    }

    [Fact]
    public async Task ASiloThatJoinsGetsItsShareByItself()
    {
        await using TestSilos silos = await TestSilos.StartAsync(1, static o =>
        {
            o.RebalanceAfter = TimeSpan.FromMilliseconds(200);
            o.HandOverTime = TimeSpan.FromMilliseconds(200);
        });
        IAttentionSequence sequence = await silos.Client.FillAsync(_problem);
        await silos.Cluster.StartAdditionalSiloAsync();
        await WaitUntilAsync(async () => (await silos.Client.GetClusterReportAsync()) is { Count: 2 } reports && reports.All(static r => r.Shards is >= 4 and <= 5));
        Assert.Equal(_problem.KernelDigest(), (await sequence.AttendAsync(_problem.Q)).Digest());
        Assert.Equal(2, (await sequence.ExplainAsync(1)).Visits.Select(static v => v.Owner).Distinct().Count());

        RebalanceView plan = await silos.Client.StartRebalanceAsync(new RebalanceCall { DryRun = true });
        Assert.Equal((true, 0), (plan.IsOver, plan.Planned));
        RebalanceRefusedException refused = await Assert.ThrowsAsync<RebalanceRefusedException>(() => silos.Client.StartRebalanceAsync(new RebalanceCall { Drain = "nobody" }));
        Assert.Contains("there is no silo 'nobody'", refused.Message, StringComparison.Ordinal);
        Assert.Null(await silos.Client.GetRebalanceAsync(Guid.NewGuid()));
    }

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        for (int i = 0; !await condition(); i++)
        {
            Assert.True(i < 200, "it does not come about");
            await Task.Delay(100); // silos tell nobody: they have to be asked
        }
    }
}
