using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Tests.Ledger;

/// <summary>What an owner of a ledger may still say when another one has taken over, or when it does not know what became of its own write. Each was found by simulation.</summary>
public sealed class ReplacedOwnerTests
{
    private static readonly CancellationToken _none = CancellationToken.None;

    private readonly FailingStore _store = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task AReplacedOwnerAnswersNoRead()
    {
        SequenceLedger first = await CreateAsync();
        Assert.Equal(0, (await first.GetSnapshotAsync(_none)).State.Length);
        SequenceLedger second = await OpenAsync();
        await AppendAsync(second, 5);
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await first.GetSnapshotAsync(_none));
        Assert.Equal(5, (await second.GetSnapshotAsync(_none)).State.Length);
    }

    [Fact]
    public async Task AReplacedOwnerForksNothingAndRefusesNothing()
    {
        SequenceLedger first = await CreateAsync();
        await AppendAsync(first, 5);
        SequenceLedger second = await OpenAsync();
        await AppendAsync(second, 5);
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await ForkAsync(first, 3));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await ForkAsync(first, 7));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await first.TruncateAsync(7, static (_, _, _) => default, _none));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await first.ReserveAsync(OperationId.New(), 1, 10, _none));
        Assert.Equal(7, (await ForkAsync(second, 7)).Length);
    }

    [Fact]
    public async Task AForkOfAReplacedOwnerWhoseShardsAreGoneIsNotToldThatRowsAreLost()
    {
        SequenceLedger first = await CreateAsync();
        await AppendAsync(first, 5);
        await OpenAsync();
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await first.ForkAsync(
            "fork", Guid.NewGuid(), 3, static (_, _, _) => throw new ShardLostException("s", new PositionRange(0, 3), "gone"), static (_, _) => default, _none));
    }

    [Fact]
    public async Task AReplacedOwnerThatIsAskedAgainForRoomSaysSo()
    {
        SequenceLedger first = await CreateAsync();
        OperationId operation = OperationId.New();
        await first.ReserveAsync(operation, 5, null, _none);
        await OpenAsync();
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await first.ReserveAsync(operation, 5, null, _none));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AfterAWriteOfUnknownOutcomeTheStoreDecidesAndTheFenceIsNew(bool happened)
    {
        SequenceLedger ledger = await CreateAsync();
        OperationId operation = OperationId.New();
        Reservation lost = await ledger.ReserveAsync(operation, 3, null, _none);
        _store.FailNext(after: happened);
        await Assert.ThrowsAsync<StorageException>(async () => await ledger.CommitAsync(lost, _none));
        Assert.False(await ledger.AbortAsync(operation));

        Reservation next = await ledger.ReserveAsync(OperationId.New(), 2, null, _none);
        Assert.Equal(happened ? 3 : 0, next.Rows.Start);
        Assert.True(next.Fence > lost.Fence + uint.MaxValue, "Rows of a write that did happen could be overwritten.");
        await ledger.CommitAsync(next, _none);
        Assert.Equal(next.Rows.End, (await ledger.GetSnapshotAsync(_none)).State.Length);

        Reservation again = await ledger.ReserveAsync(operation, 3, null, _none);
        Assert.Equal(happened, again.Completed is not null);
    }

    [Fact]
    public async Task ADeletionOfUnknownOutcomeThatHappenedIsOne()
    {
        SequenceLedger ledger = await CreateAsync();
        _store.FailNext(after: true);
        await Assert.ThrowsAsync<StorageException>(async () => await ledger.DeleteAsync(_none));
        await Assert.ThrowsAsync<SequenceNotFoundException>(async () => await ledger.GetSnapshotAsync(_none));
    }

    [Fact]
    public async Task RowsWrittenForAnEarlierOwnerAreNotCommittedByALaterOne()
    {
        SequenceLedger first = await CreateAsync();
        OperationId operation = OperationId.New();
        Reservation old = await first.ReserveAsync(operation, 3, null, _none);
        SequenceLedger second = await OpenAsync();

        // The same message, come again: the same positions, under another fence.
        Reservation renewed = await second.ReserveAsync(operation, 3, null, _none);
        Assert.Equal(old.Rows, renewed.Rows);
        await Assert.ThrowsAsync<ReservationLostException>(async () => await second.CommitAsync(old, _none));
        Assert.Equal(3, (await second.CommitAsync(renewed, _none)).Count);
    }

    private static ValueTask<LedgerRecord> ForkAsync(SequenceLedger ledger, long length) =>
        ledger.ForkAsync("fork", Guid.NewGuid(), length, static (_, _, _) => default, static (_, _) => default, _none);

    private static async Task AppendAsync(SequenceLedger ledger, long count) =>
        await ledger.CommitAsync(await ledger.ReserveAsync(OperationId.New(), count, null, _none), _none);

    private async Task<SequenceLedger> CreateAsync()
    {
        LedgerRecord record = new() { Id = "s", Uid = Guid.NewGuid(), Spec = new SequenceSpec { HeadDim = 8, ShardLength = 1024 } };
        return await SequenceLedger.CreateAsync(record, _store, new LocalPlacement(), _time, _none);
    }

    private async Task<SequenceLedger> OpenAsync() =>
        await SequenceLedger.OpenAsync((await _store.ReadAsync("s", _none))!, _store, new LocalPlacement(), _time, _none);

    /// <summary>A store whose next write fails, before it has happened or after.</summary>
    private sealed class FailingStore : ILedgerStore
    {
        private readonly InMemoryLedgerStore _inner = new();
        private bool? _failAfter;

        public void FailNext(bool after) => _failAfter = after;

        public ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken) => _inner.ReadAsync(id, cancellationToken);

        public ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken) => _inner.IsCurrentAsync(id, version, cancellationToken);

        public ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken) =>
            RunAsync(() => _inner.CompareAndSwapAsync(record, expectedVersion, cancellationToken));

        public ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken) =>
            RunAsync(() => _inner.DeleteAsync(id, expectedVersion, cancellationToken));

        public IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, CancellationToken cancellationToken) => _inner.ListAsync(prefix, cancellationToken);

        private async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> write)
        {
            (bool? failAfter, _failAfter) = (_failAfter, null);
            T result = failAfter == false ? default! : await write();
            return failAfter is null ? result : throw new StorageException("ledger", "failed");
        }
    }
}
