using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Tests.Ledger;

/// <summary>Shards that change their owner while it lives, and ledgers that do.</summary>
public sealed class HandOverTests
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 8, ShardLength = 1024 };
    private static readonly CancellationToken _none = CancellationToken.None;
    private static readonly OwnerId _next = new("next");

    private readonly InMemoryLedgerStore _store = new();

    [Fact]
    public async Task OnlyWhatTheOwnerHasIsMovedAndNothingElseChanges()
    {
        SequenceLedger ledger = await CreateAsync(3000);
        LedgerRecord before = ledger.Record;
        ShardId[] ids = [.. before.Shards.Select(static s => s.Id)];
        ShardId unknown = new(Guid.NewGuid(), 1, 0);
        IReadOnlyList<ShardEntry> now = await ledger.HandOverAsync([ids[0], unknown, ids[2]], OwnerId.Local, _next, _none);
        Assert.Equal([new(ids[0], _next), new(ids[2], _next)], now);
        Assert.Equal([_next, OwnerId.Local, _next], ledger.Record.Shards.Select(static s => s.Owner));
        Assert.Equal((before.Epoch, before.Length, before.Fence), (ledger.Record.Epoch, ledger.Record.Length, ledger.Record.Fence));

        // A second mover that goes by what was before finds them moved.
        Assert.Equal([new(ids[0], _next)], await ledger.HandOverAsync([ids[0]], OwnerId.Local, new OwnerId("other"), _none));
        Assert.Equal(ledger.Record.Shards, (await _store.ReadAsync(ledger.Record.Id, _none))!.Record.Shards);
    }

    [Fact]
    public async Task AnAppendThatIsUnderWayIsCommittedAfterTheMove()
    {
        SequenceLedger ledger = await CreateAsync(1000);
        Reservation reservation = await ledger.ReserveAsync(OperationId.New(), 2000, null, _none);
        ShardId reserved = reservation.Parts[^1].Shard.Id;
        Assert.Equal([new(reserved, _next)], await ledger.HandOverAsync([reserved], OwnerId.Local, _next, _none));
        Assert.Equal(1000, (await ledger.CommitAsync(reservation, _none)).FirstPosition);
        Assert.Equal([OwnerId.Local, OwnerId.Local, _next], ledger.Record.Shards.Select(static s => s.Owner));
    }

    [Fact]
    public async Task RowsMoveUnderAFenceOfTheirOwn()
    {
        SequenceLedger ledger = await CreateAsync(1500);
        Reservation reservation = await ledger.ReserveAsync(OperationId.New(), 10, null, _none);
        ShardId last = ledger.Record.Shards[1].Id;
        (int Rows, long Fence) told = default;
        Assert.Equal(_next, await ledger.HandOverRowsAsync(last, OwnerId.Local, _next, (rows, fence) => Told((rows, fence), true), _none));
        Assert.Equal(476, told.Rows);
        Assert.True(told.Fence > reservation.Fence);
        Assert.Equal(told.Fence, ledger.Record.Fence);
        await Assert.ThrowsAsync<ReservationLostException>(async () => await ledger.CommitAsync(reservation, _none));
        Reservation again = await ledger.ReserveAsync(reservation.OperationId, 10, null, _none);
        Assert.Equal((told.Fence, _next), (again.Fence, again.Parts[0].Shard.Owner));

        // One that nobody takes over stays, under a fence above all that was given out as well.
        Assert.Equal(_next, await ledger.HandOverRowsAsync(last, _next, new OwnerId("other"), (rows, fence) => Told((rows, fence), false), _none));
        Assert.True(told.Fence > again.Fence);
        Assert.Equal(_next, ledger.OwnerOf(last));
        Assert.Equal(_next, await ledger.HandOverRowsAsync(last, OwnerId.Local, new OwnerId("other"), static (_, _) => throw new InvalidOperationException("not its owner"), _none));
        Assert.Null(await ledger.HandOverRowsAsync(new ShardId(Guid.NewGuid(), 0, 0), OwnerId.Local, _next, static (_, _) => throw new InvalidOperationException("no shard of it"), _none));

        ValueTask<bool> Told((int, long) what, bool takes)
        {
            told = what;
            return new(takes);
        }
    }

    [Fact]
    public async Task ALedgerThatHasLeftAnswersNothingMore()
    {
        SequenceLedger ledger = await CreateAsync(100);
        Assert.False(await ledger.LeaveAsync(static _ => new(false), _none));
        Assert.Equal(100, (await ledger.GetSnapshotAsync(_none)).State.Length);
        LedgerRecord? left = null;
        Assert.True(await ledger.LeaveAsync(record => Adopt(left = record), _none));
        Assert.Equal((100L, 1), (left!.Length, left.Operations.Count));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await ledger.GetSnapshotAsync(_none));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await ledger.CommitAsync(await ledger.ReserveAsync(OperationId.New(), 5, null, _none), _none));
        Assert.Null(await _store.ReadAsync(left.Id, _none));

        static ValueTask<bool> Adopt(LedgerRecord? record) => new(record is not null);
    }

    private async Task<SequenceLedger> CreateAsync(long length)
    {
        LedgerRecord record = new() { Id = new SequenceId("s"), Uid = Guid.NewGuid(), Spec = _spec };
        SequenceLedger ledger = await SequenceLedger.CreateAsync(record, _store, new LocalPlacement(), TimeProvider.System, _none);
        await ledger.CommitAsync(await ledger.ReserveAsync(OperationId.New(), length, null, _none), _none);
        return ledger;
    }
}
