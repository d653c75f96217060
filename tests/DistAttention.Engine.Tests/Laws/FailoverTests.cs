using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Engine.Tests.Simulation;

namespace DistAttention.Engine.Tests.Laws;

/// <summary>Owners that go away while their rows are in a store that all owners share.</summary>
public sealed class FailoverTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 44, Length = 8000, Rows = 20 };
    private static readonly string _expected = _problem.KernelDigest();

    [Fact]
    public async Task WhatALostOwnerHeldIsAnsweredByOthers()
    {
        using SimulatedCluster cluster = await SharedAsync(3);
        cluster.Kill(1);
        (string digest, List<TileOutcome> tiles) = await cluster.AttendAsync(_problem);
        Assert.Equal(_expected, digest);
        Assert.True(tiles[0].Retries > 0);
        Assert.DoesNotContain(cluster.Ledger.Snapshot().Shards.ToArray(), s => s.Owner == cluster[1].Id);
    }

    [Fact]
    public async Task AnOwnerMayGoInTheMiddleOfAQuery()
    {
        using SimulatedCluster cluster = await SharedAsync(3);
        int calls = 0;
        cluster.OnCompute = (owner, _, ask, token) =>
        {
            if (owner == cluster[2].Id && Interlocked.Increment(ref calls) == 2)
            {
                cluster.Kill(2);
            }

            return ask(token);
        };
        Assert.Equal(_expected, (await cluster.AttendAsync(_problem, tileRows: 7)).Digest);
    }

    [Fact]
    public async Task AnAppendGoesOnAtAnotherOwner()
    {
        using SimulatedCluster cluster = await SimulatedCluster.CreateAsync(_problem.Spec(), 3, Placements.RoundRobin(3), shared: true);
        await cluster.AppendAsync(_problem, 0, 4500);
        cluster.Kill(0);
        cluster.Kill(1);
        await cluster.AppendAsync(_problem, 4500, 3500);
        Assert.Equal(_expected, (await cluster.AttendAsync(_problem)).Digest);
    }

    [Fact]
    public async Task AnOwnerThatComesBackReadsWhatOthersWroteMeanwhile()
    {
        using SimulatedCluster cluster = await SimulatedCluster.CreateAsync(_problem.Spec(), 2, static _ => 0, shared: true);
        await cluster.AppendAsync(_problem, 0, 500);
        cluster.Kill(0);
        await cluster.AppendAsync(_problem, 500, 100);
        cluster.Revive(0);
        cluster.Kill(1);
        await cluster.AppendAsync(_problem, 600, 7400);
        Assert.Equal(_expected, (await cluster.AttendAsync(_problem)).Digest);
    }

    [Fact]
    public async Task RowsOfAReservationThatWasGivenUpAreNotTakenForThoseThatWereCommittedElsewhere()
    {
        using SimulatedCluster cluster = await SimulatedCluster.CreateAsync(_problem.Spec(), 2, static _ => 0, shared: true);
        await cluster.AppendAsync(_problem, 0, 300);
        ShardEntry tail = cluster.Ledger.Snapshot().Shards.Span[0];

        // Reserved at owner 0, given up, and written there all the same: late.
        Reservation late = await cluster.Ledger.ReserveAsync(OperationId.New(), 50, null, default);
        await cluster.Ledger.AbortAsync(late.OperationId);
        await cluster[0].Service.WriteAsync(
            new ShardWrite(tail.Id, cluster.Spec, late.Fence, late.OperationId, 300, 50, _problem.KRows(5000, 50), _problem.VRows(5000, 50)) { CommittedRows = 300 },
            default);

        // Owner 1 takes the shard over and gets the rows that count; then owner 0 has it again.
        cluster.Kill(0, forget: false);
        await cluster.AppendAsync(_problem, 300, 100);
        cluster.Revive(0);
        cluster.Kill(1);
        await cluster.AppendAsync(_problem, 400, 7600);
        Assert.Equal(_expected, (await cluster.AttendAsync(_problem)).Digest);
    }

    [Fact]
    public async Task WithNobodyElseTheOwnerIsAskedUntilTheDeadline()
    {
        using SimulatedCluster cluster = await SharedAsync(1);
        cluster.Kill(0);
        using CancellationTokenSource deadline = new(TimeSpan.FromMilliseconds(50));
        OperationCanceledException ended = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.AttendAsync(_problem, token: deadline.Token));
        Assert.IsType<OwnerUnreachableException>(ended.InnerException);
        cluster.Revive(0);
        Assert.Equal(_expected, (await cluster.AttendAsync(_problem)).Digest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ALateOwnerIsNotWaitedForWhereASecondCanAnswer(bool everAnswers)
    {
        using SimulatedCluster cluster = await SharedAsync(3);
        cluster.Second = owner => owner == cluster[1].Id ? cluster[2].Id : null;
        cluster.OnCompute = async (owner, _, ask, token) =>
        {
            if (owner == cluster[1].Id)
            {
                await Task.Delay(everAnswers ? TimeSpan.FromMilliseconds(20) : Timeout.InfiniteTimeSpan, token); // a slow peer, or one that never answers: that is what is tried
            }

            return await ask(token);
        };
        (string digest, _) = await cluster.AttendAsync(_problem);
        Assert.Equal(_expected, digest);
        Assert.Contains(cluster.Ledger.Snapshot().Shards.ToArray(), s => s.Owner == cluster[1].Id); // late is not lost
    }

    [Fact]
    public async Task AShardOutOfMemoryComesBackForTheQueryThatNeedsIt()
    {
        using SimulatedCluster cluster = await SharedAsync(2);
        foreach (ShardEntry shard in cluster.Ledger.Snapshot().Shards.ToArray())
        {
            Assert.True(cluster[0].Registry.Evict(shard.Id) | cluster[1].Registry.Evict(shard.Id));
        }

        Assert.Equal(_expected, (await cluster.AttendAsync(_problem)).Digest);
    }

    private static async Task<SimulatedCluster> SharedAsync(int owners)
    {
        SimulatedCluster cluster = await SimulatedCluster.CreateAsync(_problem.Spec(), owners, Placements.RoundRobin(owners), shared: true);
        await cluster.AppendAsync(_problem, 0, _problem.Length);
        return cluster;
    }
}
