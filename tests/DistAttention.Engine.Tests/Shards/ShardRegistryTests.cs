using System.Runtime.CompilerServices;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;

namespace DistAttention.Engine.Tests.Shards;

public sealed class ShardRegistryTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 72, Length = 1024, HeadDim = 4, HeadDimV = 4 };
    private static readonly SequenceSpec _spec = _problem.Spec(1024);

    private readonly ByteBudget _budget = new(long.MaxValue);
    private readonly GatedStore _store = new();
    private readonly ComputePool _pool = new(1, 100);
    private readonly ShardRegistry _registry;
    private readonly ShardService _service;
    private readonly ShardId _id = new(Guid.NewGuid(), 0, 0);

    public ShardRegistryTests()
    {
        _registry = new ShardRegistry(_budget, _store);
        _service = new ShardService(_registry, _pool);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _registry.Dispose();
        Assert.Equal(0, _budget.UsedBytes);
    }

    [Fact]
    public async Task AShardThatWasDroppedBeforeItWasWrittenStaysAway()
    {
        await _registry.ReleaseAsync([_id], _id.Sequence, default);
        await Assert.ThrowsAsync<StaleWriteException>(async () => await WriteAsync(0, 10));
        Assert.Equal(0, _budget.UsedBytes);
    }

    [Fact]
    public async Task AForgottenShardStaysAway()
    {
        await WriteAsync(0, 10);
        _store.KeepDeleted = true;
        await _registry.ReleaseAsync([_id], _id.Sequence, default);
        Assert.Equal(0, _budget.UsedBytes);
        await Assert.ThrowsAsync<StaleWriteException>(async () => await WriteAsync(10, 10));

        // The store has not heard of it yet, but nobody holds the shard any more.
        Assert.Null(await _registry.LeaseOrLoadAsync(_id, 0, 0, default));
        Assert.Equal(0, _budget.UsedBytes);
    }

    [Fact]
    public async Task AnotherHolderKeepsTheShard()
    {
        Guid fork = Guid.NewGuid();
        await WriteAsync(0, 10);
        await _registry.RetainAsync([_id], fork, default);
        await _registry.ReleaseAsync([_id], _id.Sequence, default);
        await _registry.ReleaseAsync([_id], _id.Sequence, default);
        Assert.True(_registry.ResidentBytes(_id) > 0);
        await _registry.ReleaseAsync([_id], fork, default);
        Assert.Equal(0, _budget.UsedBytes);
        Assert.Equal([_id], _store.Deleted);
    }

    [Fact]
    public async Task APinKeepsTheShardUntilTheCallEnds()
    {
        await WriteAsync(0, 10);
        ShardEntry[] shards = [new(_id, OwnerId.Local)];
        Assert.True(_registry.TryPin(shards));
        Assert.True(_registry.TryPin(shards));
        await _registry.ReleaseAsync([_id], _id.Sequence, default);
        _registry.Unpin(shards);
        Assert.True(_budget.UsedBytes > 0);
        _registry.Unpin(shards);
        Assert.Equal(0, _budget.UsedBytes);
        Assert.False(_registry.TryPin(shards));
    }

    [Fact]
    public async Task AnUnknownShardIsNotHereAndLeavesNothing()
    {
        Assert.Null(await _registry.LeaseOrLoadAsync(_id, 0, 0, default));
        Assert.False(await _registry.SeedAsync(_id with { Generation = 1 }, _id, 1, default));
        Assert.False(_registry.Evict(_id));
    }

    [Fact]
    public async Task AnEvictedShardComesBackBeforeItIsWritten()
    {
        await WriteAsync(0, 100);
        Assert.True(_registry.Evict(_id));
        Assert.Equal(0, _budget.UsedBytes);
        await WriteAsync(100, 50);
        Shard shard = (await _registry.LeaseOrLoadAsync(_id, 150, 1, default))!;
        Assert.Equal(150, shard.ContiguousLength);
        shard.Release();
    }

    [Fact]
    public async Task AShardThatIsBeingWrittenIsNotEvicted()
    {
        await WriteAsync(0, 10);
        _store.Close();
        Task writing = WriteAsync(10, 10);
        await _store.Waiting;
        Assert.False(_registry.Evict(_id));
        _store.Open();
        await writing;
        Assert.True(_registry.Evict(_id));
    }

    [Fact]
    public async Task ManyReadersReadAShardBackOnceAndAWriterWaitsForThem()
    {
        await WriteAsync(0, 100);
        Assert.True(_registry.Evict(_id));
        _store.Close();
        using CancellationTokenSource impatient = new();
        Task<Shard?> first = _registry.LeaseOrLoadAsync(_id, 100, 1, impatient.Token).AsTask();
        await _store.Waiting;
        Task<Shard?>[] readers = [.. Enumerable.Range(0, 5).Select(_ => _registry.LeaseOrLoadAsync(_id, 100, 1, default).AsTask())];
        Task writing = WriteAsync(100, 10);
        Assert.All(readers.Append(writing), static t => Assert.False(t.IsCompleted));

        // The one who reads gives up; another goes on.
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _store.Open();
        Shard?[] shards = await Task.WhenAll(readers);
        await writing;
        Assert.All(shards, s => Assert.Same(shards[0], s));
        Assert.Equal(110, shards[0]!.ContiguousLength);
        Assert.Equal(2, _store.Reads);
        Assert.All(shards, static s => s!.Release());
    }

    [Fact]
    public async Task AWriteThatFailsInTheStoreLeavesNoMemory()
    {
        await WriteAsync(0, 10);
        long before = _budget.UsedBytes;
        _store.Failure = new IOException("The disk is full.");
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(10, 900));
        Assert.Equal(before, _budget.UsedBytes);
        _store.Failure = null;
        await WriteAsync(10, 900);
        Shard shard = _registry.TryLease(_id)!;
        Assert.Equal(910, shard.ContiguousLength);
        shard.Release();
    }

    [Fact]
    public async Task AWriteOvertakenOnItsWayToTheStoreIsNotAcknowledged()
    {
        // In the store it stands behind the newer one, so that reading back would take it for a late one.
        await WriteAsync(0, 1, fence: 1);
        _store.Close();
        Task late = WriteAsync(0, 100, fence: 1);
        await _store.Waiting;
        await WriteAsync(100, 50, fence: 2, committed: 0);
        _store.Open();
        await Assert.ThrowsAsync<StaleWriteException>(() => late);
        await WriteAsync(0, 100, fence: 2);
        Assert.True(_registry.Evict(_id));
        Shard shard = (await _registry.LeaseOrLoadAsync(_id, 150, 2, default))!;
        Assert.Equal(150, shard.ContiguousLength);
        shard.Release();
    }

    [Fact]
    public async Task NothingIsTakenAfterTheEnd()
    {
        await WriteAsync(0, 10);
        _registry.Dispose();
        Assert.Equal(0, _budget.UsedBytes);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => WriteAsync(10, 10));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await _registry.LeaseOrLoadAsync(_id, 0, 0, default));
        Assert.Equal(0, _budget.UsedBytes);
    }

    [Fact]
    public async Task ASeedThatTheBudgetRefusesLeavesNothingInTheStore()
    {
        ByteBudget tight = new(KvLayoutBytes());
        using ShardRegistry registry = new(tight, new ResidentShardStore());
        ShardService service = new(registry, _pool);
        await service.WriteAsync(Write(0, 200, 1), default);
        ShardId seeded = _id with { Generation = 1 };
        await Assert.ThrowsAsync<CapacityExceededException>(async () => await registry.SeedAsync(seeded, _id, 100, default));
        Assert.Null(await registry.LeaseOrLoadAsync(seeded, 0, 0, default));
    }

    private static long KvLayoutBytes() => Kernels.KvLayout.Of(_spec).BlockBytes;

    private Task WriteAsync(int first, int count, long fence = 1, int? committed = null) =>
        _service.WriteAsync(Write(first, count, fence) with { CommittedRows = committed ?? first }, default).AsTask();

    private ShardWrite Write(int first, int count, long fence) =>
        new(_id, _spec, fence, OperationId.New(), first, count, _problem.KRows(first, count), _problem.VRows(first, count)) { CommittedRows = first };

    /// <summary>A store whose reads and writes wait while its gate is closed.</summary>
    private sealed class GatedStore : IShardStore
    {
        private readonly InMemoryShardStore _inner = new();
        private TaskCompletionSource _gate = Opened();
        private TaskCompletionSource _waiting = new();

        public Exception? Failure { get; set; }

        public bool KeepDeleted { get; set; }

        public List<ShardId> Deleted { get; } = [];

        public int Reads { get; private set; }

        /// <summary>Completes when somebody waits at the gate.</summary>
        public Task Waiting => _waiting.Task;

        public void Close() => (_gate, _waiting) = (new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously));

        public void Open() => _gate.SetResult();

        public async ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
        {
            if (write.Fence == 1)
            {
                await PassAsync(cancellationToken);
            }

            if (Failure is not null)
            {
                throw Failure;
            }

            await _inner.AppendAsync(write, cancellationToken);
        }

        public ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) =>
            _inner.SeedAsync(shard, source, count, cancellationToken);

        public bool IsDurable => true;

        public async IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Reads++;
            await PassAsync(cancellationToken);
            await foreach (ShardWrite write in _inner.ReadAsync(shard, fromRow, requiredRows, cancellationToken))
            {
                yield return write;
            }
        }

        public ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) =>
            _inner.RetainAsync(shard, holder, cancellationToken);

        public async ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
        {
            bool last = KeepDeleted || await _inner.ReleaseAsync(shard, holder, cancellationToken);
            if (last)
            {
                Deleted.Add(shard);
            }

            return last;
        }

        private static TaskCompletionSource Opened()
        {
            TaskCompletionSource gate = new();
            gate.SetResult();
            return gate;
        }

        private async Task PassAsync(CancellationToken cancellationToken)
        {
            if (!_gate.Task.IsCompleted)
            {
                _waiting.TrySetResult();
                await _gate.Task.WaitAsync(cancellationToken);
            }
        }
    }
}
