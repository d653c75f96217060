using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Engine.Tests.Simulation;

namespace DistAttention.Engine.Tests.Laws;

/// <summary>Whatever owners do, the caller gets the exact answer or a typed error.</summary>
public sealed class FaultTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 43, Length = 8000, Rows = 20 };
    private static readonly string _expected = _problem.KernelDigest();

    public enum Fault
    {
        CountsTooMuch,
        CountsTooLittle,
        Overloaded,
        AnswersTwice,
        RepeatsANode,
        LeavesANodeOut,
        AnswersForAnotherNode,
        MissesAShardItWasNotAskedFor,
    }

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>()];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task WhatIsWrongIsAskedForAgain(Fault fault)
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 3, Placements.RoundRobin(3));
        int left = 4;
        cluster.OnCompute = async (_, _, ask, token) =>
        {
            if (Interlocked.Decrement(ref left) < 0)
            {
                return await ask(token);
            }

            TileAnswer answer = await ask(token);
            switch (fault)
            {
                case Fault.CountsTooMuch:
                    return answer with { PositionsCounted = answer.PositionsCounted + 1 };
                case Fault.CountsTooLittle:
                    return answer with { PositionsCounted = answer.PositionsCounted - 1024 };
                case Fault.Overloaded:
                    answer.Dispose();
                    throw new OverloadedException("The queue", TimeSpan.FromSeconds(30));
                case Fault.AnswersTwice:
                    // The first answer came too late and is thrown away; the second is as good.
                    answer.Dispose();
                    return await ask(token);
                case Fault.RepeatsANode:
                    return answer with { Partials = [.. answer.Partials, answer.Partials[0]] };
                case Fault.LeavesANodeOut:
                    answer.Partials[0].Partial.Dispose();
                    return answer with { Partials = [.. answer.Partials.Skip(1)] };
                case Fault.AnswersForAnotherNode:
                    return answer with { Partials = [.. answer.Partials.Select(static p => p with { Node = p.Node with { Index = p.Node.Index + 1 } })] };
                default:
                    return answer with { NotHere = [new ShardId(Guid.NewGuid(), 0, 0)] };
            }
        };
        (string digest, List<TileOutcome> tiles) = await cluster.AttendAsync(_problem);
        Assert.Equal(_expected, digest);
        Assert.Equal(fault == Fault.AnswersTwice ? 0 : 4, tiles[0].Retries);
    }

    [Fact]
    public async Task AnswersMayComeInAnyOrder()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 4, Placements.RoundRobin(4));
        for (int last = 0; last < 4; last++)
        {
            int waiting = 3;
            TaskCompletionSource others = new();
            cluster.OnCompute = async (owner, _, ask, token) =>
            {
                if (owner == cluster[last].Id)
                {
                    await others.Task;
                }

                TileAnswer answer = await ask(token);
                if (Interlocked.Decrement(ref waiting) == 0)
                {
                    others.SetResult();
                }

                return answer;
            };
            Assert.Equal(_expected, (await cluster.AttendAsync(_problem)).Digest);
        }
    }

    [Theory]
    [InlineData(new[] { 2 })]
    [InlineData(new[] { 0, 3 })]
    [InlineData(new[] { 0, 2, 4, 6 })]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5, 6, 7 })]
    public async Task WhatHasMovedIsFoundAndTheRestStays(int[] moved)
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 3, Placements.Groups(2, 2));

        // Between the plan and the first answer.
        Lazy<Task> move = new(async () =>
        {
            foreach (int shard in moved)
            {
                await cluster.MoveAsync(shard, 2);
            }
        });
        cluster.OnCompute = async (_, _, ask, token) =>
        {
            await move.Value;
            return await ask(token);
        };
        (string digest, List<TileOutcome> tiles) = await cluster.AttendAsync(_problem, tileRows: 20);
        Assert.Equal(_expected, digest);
        int ownersLeft = moved.Select(static s => s / 2 % 2).Distinct().Count();
        Assert.Equal(ownersLeft, tiles[0].Retries);

        // Each owner that lost something is asked again for what it kept, if anything, and the new one for the rest.
        Assert.InRange(cluster.Asked.Count, 2 + ownersLeft, 2 + (2 * ownersLeft));

        Assert.Equal(_expected, (await cluster.AttendAsync(_problem, tileRows: 20)).Digest);
    }

    [Fact]
    public async Task WhatMovesOnAgainIsFoundAgain()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 4, static _ => 0);
        int moves = 0;
        cluster.OnCompute = async (_, request, ask, token) =>
        {
            if (request.Shards.Any(static s => s.Shard.Id.Index == 5) && Interlocked.Increment(ref moves) <= 3)
            {
                await cluster.MoveAsync(5, moves);
            }

            return await ask(token);
        };
        (string digest, List<TileOutcome> tiles) = await cluster.AttendAsync(_problem);
        Assert.Equal((_expected, 3), (digest, tiles[0].Retries));
    }

    [Fact]
    public async Task WhatMovedIsFoundInTheSecondPassToo()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 3, Placements.Groups(2, 2));
        AttentionMassOptions options = new() { TopK = 5, Bins = 10 };
        ulong[] expected = (await cluster.MassAsync(_problem, options)).Span.Bins.ToArray();
        await cluster.MoveAsync(2, 2);
        await cluster.MoveAsync(4, 2);
        Assert.Equal(expected, (await cluster.MassAsync(_problem, options)).Span.Bins.ToArray());
    }

    [Fact]
    public async Task ALostShardIsNamedByItsPositions()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 2, Placements.RoundRobin(2));
        await cluster.LoseAsync(7, cluster[1].Id);
        ShardLostException lost = await Assert.ThrowsAsync<ShardLostException>(() => cluster.AttendAsync(_problem));
        Assert.Equal((new SequenceId("s"), new PositionRange(7168, 8000)), (lost.Id, lost.Positions));
        Assert.False(lost.IsTransient);
    }

    [Fact]
    public async Task AnOwnerThatLostEarlierRowsOfAShardHasLostTheShard()
    {
        // The owner comes back empty, and hears only of the rows appended since.
        using SimulatedCluster cluster = await SimulatedCluster.CreateAsync(_problem.Spec(), 1, static _ => 0);
        await cluster.AppendAsync(_problem, 0, 500);
        ShardEntry shard = cluster.Ledger.Snapshot().Shards.Span[0];
        Assert.True(await cluster[0].Store.ReleaseAsync(shard.Id, shard.Id.Sequence, default));
        Assert.True(cluster[0].Registry.Evict(shard.Id));
        await cluster.AppendAsync(_problem, 500, 100);
        ShardLostException lost = await Assert.ThrowsAsync<ShardLostException>(() => cluster.AttendAsync(_problem with { Length = 600 }));
        Assert.Equal(new PositionRange(0, 600), lost.Positions);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ASnapshotThatWasCutOrDeletedIsLost(bool delete)
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 2, Placements.RoundRobin(2));
        cluster.OnCompute = async (owner, _, ask, token) =>
        {
            if (owner == cluster[1].Id && cluster.Asked.Count <= 2)
            {
                IEnumerable<ShardEntry> dropped = delete
                    ? await cluster.Ledger.DeleteAsync(token)
                    : (await cluster.Ledger.TruncateAsync(4096, static (_, _, _) => default, token)).Dropped;
                foreach (ShardEntry shard in dropped)
                {
                    await cluster.ReleaseAsync(shard.Owner, [shard.Id], cluster.Ledger.Record.Uid, token);
                }
            }

            return await ask(token);
        };
        SnapshotLostException lost = await Assert.ThrowsAsync<SnapshotLostException>(() => cluster.AttendAsync(_problem));
        Assert.Equal(new SequenceSnapshot(0, 8000), lost.Snapshot);
        Assert.True(lost.IsTransient);
    }

    [Fact]
    public async Task ALastingErrorStopsTheOtherPartsAndSaysHowManyFailed()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 3, Placements.RoundRobin(3));
        IOException cause = new("The disk is gone.");
        TaskCompletionSource started = new();
        int waiting = 2;
        cluster.OnCompute = async (owner, _, ask, token) =>
        {
            if (owner == cluster[1].Id)
            {
                await started.Task;
                throw cause;
            }

            if (Interlocked.Decrement(ref waiting) == 0)
            {
                started.SetResult();
            }

            // Never answers unless it is told to stop.
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return await ask(token);
        };
        PartialFailureException failure = await Assert.ThrowsAsync<PartialFailureException>(() => cluster.AttendAsync(_problem));
        Assert.Equal((3, 1), (failure.Total, failure.Failed));
        Assert.Same(cause, failure.InnerException);
        Assert.Contains("1 of 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALastingErrorAfterAMoveCountsItsRowOnce()
    {
        AttentionProblem problem = _problem with { Rows = 60 };
        problem.K.AsSpan(5200 * 16, 16).Fill(1e30f);
        problem.Q.AsSpan(57 * 16, 16).Fill(1e10f);
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(problem, 3, Placements.Groups(2, 2));
        NumericOverflowException overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => cluster.AttendAsync(problem, tileRows: 25));
        Assert.Equal((57, 0), (overflow.Row, overflow.Head));
        await cluster.MoveAsync(5, 2);
        overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => cluster.AttendAsync(problem, tileRows: 25));
        Assert.Equal(57, overflow.Row);
    }

    [Fact]
    public async Task WhoGivesUpWaitingLearnsWhatItWaitedFor()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_problem, 2, Placements.RoundRobin(2));
        using CancellationTokenSource deadline = new();
        QueryExecutor executor = new(cluster, cluster[0].Pool, new ManualTime());
        int waiting = 2;
        cluster.OnCompute = (_, _, _, _) => Interlocked.Decrement(ref waiting) >= 0 ? throw new OverloadedException("The queue", TimeSpan.FromSeconds(1)) : default;
        Task<TileOutcome> outcome = executor.ExecuteAsync(cluster.Tiles(_problem, 20).Single(), cluster, deadline.Token).AsTask();
        deadline.Cancel();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outcome);
        Assert.IsType<OverloadedException>(error.InnerException);
    }
}
