using System.Collections.Concurrent;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Engine.Tests.Simulation;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Appending;

public sealed class AppendTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 91, Length = 5000, Rows = 10, HeadDim = 8, HeadDimV = 8 };
    private static readonly long _blockBytes = KvLayout.Of(_problem.Spec()).BlockBytes;

    [Fact]
    public async Task RepeatingAnAppendAppendsNothing()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        AppendOptions options = new() { OperationId = OperationId.New() };
        AppendResult first = await sequence.AppendAsync(_problem.KRows(0, 3000), _problem.VRows(0, 3000), options);
        await sequence.AppendAsync(_problem.KRows(3000, 500), _problem.VRows(3000, 500));
        AppendResult again = await sequence.AppendAsync(_problem.KRows(0, 3000), _problem.VRows(0, 3000), options);
        Assert.Equal((0, 3000), (again.FirstPosition, again.Count));
        Assert.Equal((first.FirstPosition, first.Count), (again.FirstPosition, again.Count));
        Assert.Equal(3500, (await sequence.GetInfoAsync()).Length);
        await Assert.ThrowsAsync<AppendConflictException>(() => sequence.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1), options));

        // The same append twice at the same time is one.
        AppendOptions twice = new() { OperationId = OperationId.New() };
        AppendResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => sequence.AppendAsync(_problem.KRows(3500, 1500), _problem.VRows(3500, 1500), twice))));
        Assert.All(results, static r => Assert.Equal((3500, 1500), (r.FirstPosition, r.Count)));
        Assert.Equal(_problem.KernelDigest(), (await sequence.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task RowsLandWhereTheyAreExpectedOrNowhere()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        for (int at = 0; at < 3000; at += 1000)
        {
            await Assert.ThrowsAsync<AppendConflictException>(
                () => sequence.AppendAsync(_problem.KRows(at, 1000), _problem.VRows(at, 1000), new() { ExpectedPosition = at + 1 }));
            AppendResult result = await sequence.AppendAsync(_problem.KRows(at, 1000), _problem.VRows(at, 1000), new() { ExpectedPosition = at });
            Assert.Equal(new AppendResult(at, 1000, new SequenceSnapshot(0, at + 1000)), result);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task EveryRowOfConcurrentAppendersIsInExactlyOnePlace(int seed)
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        ConcurrentBag<(AppendResult Result, int First, int Count)> done = [];
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            Random random = new((seed * 100) + worker);
            while (true)
            {
                int count = random.Next(1, 90);
                int first = Interlocked.Add(ref next, count) - count;
                if (first + count > _problem.Length)
                {
                    return;
                }

                AppendResult result = await sequence.AppendAsync(_problem.KRows(first, count), _problem.VRows(first, count));

                // Linearizable: what this call appended is seen by the next one.
                Assert.True(result.FirstPosition + count <= result.Snapshot.Length);
                Assert.True((await sequence.GetInfoAsync()).Length >= result.FirstPosition + count);
                done.Add((result, first, count));
            }
        })));
        float[] k = new float[_problem.K.Length];
        float[] v = new float[_problem.V.Length];
        long end = 0;
        foreach ((AppendResult result, int first, int count) in done.OrderBy(static d => d.Result.FirstPosition))
        {
            Assert.Equal((end, count), (result.FirstPosition, result.Count));
            _problem.KRows(first, count).CopyTo(k.AsMemory((int)end * 8));
            _problem.VRows(first, count).CopyTo(v.AsMemory((int)end * 8));
            end += count;
        }

        Assert.Equal(end, (await sequence.GetInfoAsync()).Length);
        IAttentionSequence inOrder = await client.CreateSequenceAsync("in-order", _problem.Spec());
        await inOrder.AppendAsync(k.AsMemory(0, (int)end * 8), v.AsMemory(0, (int)end * 8));
        Assert.Equal((await inOrder.AttendAsync(_problem.Q)).Digest(), (await sequence.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task WhatTheBudgetRefusesLeavesTheSequenceAsItWas()
    {
        // Room for 12 blocks: 3,072 rows.
        await using EmbeddedAttention client = Runs.Client(2, static o => o.MemoryBudgetBytes = 12 * _blockBytes);
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        await sequence.AppendRowsAsync(_problem, 0, 1100);
        long before = client.ResidentBytes;
        for (int i = 0; i < 3; i++)
        {
            CapacityExceededException error = await Assert.ThrowsAsync<CapacityExceededException>(() => sequence.AppendRowsAsync(_problem, 1100, 3900));
            Assert.Equal((12 * _blockBytes, _blockBytes), (error.BudgetBytes, error.NeededBytes));
            Assert.Equal(before, client.ResidentBytes);
            Assert.Equal(new SequenceSnapshot(0, 1100), (await sequence.GetInfoAsync()).Snapshot);
        }

        // Others may have what it could not, and then it may.
        IAttentionSequence other = await client.CreateSequenceAsync("other", _problem.Spec());
        await other.AppendRowsAsync(_problem, 0, 7 * 256);
        await Assert.ThrowsAsync<CapacityExceededException>(() => sequence.AppendRowsAsync(_problem, 1100, 300));
        await client.DeleteSequenceAsync("other");
        await sequence.AppendRowsAsync(_problem, 1100, 1900, 300);
        AttentionResult result = await sequence.AttendAsync(_problem.Q);
        Assert.Equal((_problem with { Length = 3000 }).PrefixDigest(_problem), result.Digest());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnAppendThatIsCancelledOrFailsInTheStoreLeavesNothing(bool cancel)
    {
        StoppedStore store = new();
        await using EmbeddedAttention client = Runs.Client(2, o => o.ShardStore = store);
        IAttentionSequence sequence = await client.FillAsync("s", _problem with { Length = 900 });
        AttentionProblem problem = _problem with { Length = 900 };
        long before = client.ResidentBytes;
        using CancellationTokenSource stop = new();
        store.StopAtShard = 2;
        Task append = sequence.AppendAsync(_problem.KRows(900, 4000), _problem.VRows(900, 4000), cancellationToken: stop.Token);
        await store.Stopped.Task;
        Assert.Equal(900, (await sequence.GetInfoAsync()).Length);
        if (cancel)
        {
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        }
        else
        {
            store.Released.SetException(new IOException("The disk is full."));
            await Assert.ThrowsAsync<IOException>(() => append);
        }

        Assert.Equal(new SequenceSnapshot(0, 900), (await sequence.GetInfoAsync()).Snapshot);
        Assert.Equal(before, client.ResidentBytes);
        Assert.Equal(problem.PrefixDigest(problem), (await sequence.AttendAsync(_problem.Q)).Digest());
        store.StopAtShard = -1;
        AttentionProblem other = _problem with { Seed = 92 };
        await sequence.AppendRowsAsync(other, 900, 4100, 1500);
        IAttentionSequence fresh = await client.CreateSequenceAsync("fresh", _problem.Spec());
        await fresh.AppendAsync(problem.K, problem.V);
        await fresh.AppendRowsAsync(other, 900, 4100);
        Assert.Equal((await fresh.AttendAsync(_problem.Q)).Digest(), (await sequence.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task WhoStandsBehindACancelledAppendMovesUp()
    {
        StoppedStore store = new() { StopAtShard = 0 };
        await using EmbeddedAttention client = Runs.Client(2, o => o.ShardStore = store);
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        using CancellationTokenSource stop = new();
        Task first = sequence.AppendAsync(_problem.KRows(0, 700), _problem.VRows(0, 700), cancellationToken: stop.Token);
        await store.Stopped.Task;
        store.StopAtShard = -1;
        Task<AppendResult>[] behind = [.. Enumerable.Range(0, 4).Select(i => sequence.AppendAsync(_problem.KRows(700 + (i * 500), 500), _problem.VRows(700 + (i * 500), 500)))];
        Assert.Equal(0, (await sequence.GetInfoAsync()).Length);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        AppendResult[] results = await Task.WhenAll(behind);
        Assert.Equal([0, 500, 1000, 1500], results.Select(static r => r.FirstPosition).Order());
        IAttentionSequence fresh = await client.CreateSequenceAsync("fresh", _problem.Spec());
        foreach (int i in Enumerable.Range(0, 4).OrderBy(i => results[i].FirstPosition))
        {
            await fresh.AppendRowsAsync(_problem, 700 + (i * 500), 500);
        }

        Assert.Equal((await fresh.AttendAsync(_problem.Q)).Digest(), (await sequence.AttendAsync(_problem.Q)).Digest());
        Assert.Equal((await fresh.GetInfoAsync()).ResidentBytes, (await sequence.GetInfoAsync()).ResidentBytes);
    }

    [Fact]
    public async Task AWriteOfAnOlderFenceIsWrittenAgainUnderTheNewOne()
    {
        // The first write to shard 0 hangs while a reservation behind it is given up and a newer one writes to the shard.
        using SimulatedCluster cluster = await SimulatedCluster.CreateAsync(_problem.Spec(), 1, static _ => 0);
        TaskCompletionSource slow = new();
        TaskCompletionSource started = new();
        TaskCompletionSource overtaken = new();
        int writes = 0;
        cluster.OnWrite = async (_, write, go, token) =>
        {
            int number = Interlocked.Increment(ref writes);
            if (number == 1)
            {
                started.SetResult();
                await slow.Task;
            }

            await go(token);
            if (number == 2)
            {
                overtaken.SetResult();
            }
        };
        Task<AppendResult> first = cluster.AppendAsync(_problem, 0, 100).AsTask();
        await started.Task;
        await cluster.Ledger.ReserveAsync(OperationId.New(), 50, null, default).AsTask().ContinueWith(r => cluster.Ledger.AbortAsync(r.Result.OperationId).AsTask()).Unwrap();
        Task<AppendResult> second = cluster.AppendAsync(_problem, 100, 200).AsTask();
        await overtaken.Task;
        Assert.False(second.IsCompleted);
        slow.SetResult();
        Assert.Equal((0, 100), ((await first).FirstPosition, (await second).FirstPosition));
        Assert.Equal(3, writes);
        AttentionProblem written = _problem with { Length = 300 };
        Assert.Equal(written.PrefixDigest(_problem), (await cluster.AttendAsync(written)).Digest);

        // And so it is read back.
        ShardEntry shard = cluster.Ledger.Snapshot().Shards.Span[0];
        Assert.True(cluster[0].Registry.Evict(shard.Id));
        Assert.Equal(written.PrefixDigest(_problem), (await cluster.AttendAsync(written)).Digest);
    }

    [Fact]
    public async Task ProgressCountsEveryRowOnce()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        ConcurrentBag<AttentionProgress> seen = [];
        await sequence.AppendAsync(_problem.K, _problem.V, new() { Progress = new Seen(seen.Add) });
        Assert.Equal(5, seen.Count);
        Assert.Equal(5000, seen.Max(static p => p.Done));
        Assert.All(seen, static p => Assert.Equal(5000, p.Total));
    }

    private sealed class Seen(Action<AttentionProgress> seen) : IProgress<AttentionProgress>
    {
        public void Report(AttentionProgress value) => seen(value);
    }

    /// <summary>A store that does not take the rows of one shard until it is released.</summary>
    private sealed class StoppedStore : IShardStore
    {
        private readonly InMemoryShardStore _inner = new();

        public int StopAtShard { get; set; } = -1;

        public TaskCompletionSource Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
        {
            if (write.Shard.Index == StopAtShard)
            {
                Stopped.TrySetResult();
                await Released.Task.WaitAsync(cancellationToken);
            }

            await _inner.AppendAsync(write, cancellationToken);
        }

        public ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) =>
            _inner.SeedAsync(shard, source, count, cancellationToken);

        public bool IsDurable => true;

        public IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, CancellationToken cancellationToken) =>
            _inner.ReadAsync(shard, fromRow, requiredRows, cancellationToken);

        public ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) =>
            _inner.RetainAsync(shard, holder, cancellationToken);

        public ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) =>
            _inner.ReleaseAsync(shard, holder, cancellationToken);
    }
}
