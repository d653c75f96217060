using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Tests.Ledger;

public sealed class SequenceLedgerTests
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 8, ShardLength = 1024 };
    private static readonly CancellationToken _none = CancellationToken.None;

    private readonly InMemoryLedgerStore _store = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task ReservationsStandOneBehindTheOtherAndTheLengthMovesOnCommit()
    {
        SequenceLedger ledger = await CreateAsync();
        Reservation first = await ReserveAsync(ledger, 300);
        Reservation second = await ReserveAsync(ledger, 1000);
        Assert.Equal(new PositionRange(0, 300), first.Rows);
        Assert.Equal(new PositionRange(300, 1300), second.Rows);
        Assert.Equal(0, ledger.Snapshot().State.Length);

        AppendResult result = await ledger.CommitAsync(first, _none);
        Assert.Equal(new AppendResult(0, 300, new SequenceSnapshot(0, 300)), result);
        await ledger.CommitAsync(second, _none);
        Assert.Equal(1300, ledger.Snapshot().State.Length);
        Assert.Equal(2, ledger.Snapshot().Shards.Length);
    }

    [Fact]
    public async Task PartsCutRowsAtShardsAndCoverThemOnce()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 1000);
        Reservation reservation = await ReserveAsync(ledger, 2100);
        Assert.Equal([(0, 1000, 0L, 24), (1, 0, 24L, 1024), (2, 0, 1048L, 1024), (3, 0, 2072L, 28)],
            reservation.Parts.Select(static p => (p.Shard.Id.Index, p.FirstIdx, p.Offset, p.Count)));
    }

    [Fact]
    public async Task ALaterCommitWaitsForTheEarlierOne()
    {
        SequenceLedger ledger = await CreateAsync();
        Reservation first = await ReserveAsync(ledger, 10);
        Reservation second = await ReserveAsync(ledger, 20);
        Task<AppendResult> later = ledger.CommitAsync(second, _none).AsTask();
        Assert.False(later.IsCompleted);
        Assert.Equal(0, ledger.Snapshot().State.Length);

        await ledger.CommitAsync(first, _none);
        Assert.Equal(new AppendResult(10, 20, new SequenceSnapshot(0, 30)), await later);
    }

    [Fact]
    public async Task RepeatingAnOperationIsAnsweredWithItsFirstResult()
    {
        SequenceLedger ledger = await CreateAsync();
        OperationId operation = OperationId.New();
        Reservation first = await ledger.ReserveAsync(operation, 10, null, _none);
        await ledger.CommitAsync(first, _none);
        await AppendAsync(ledger, 5);

        Reservation again = await ledger.ReserveAsync(operation, 10, null, _none);
        Assert.Empty(again.Parts);
        Assert.Equal((0, 10), (again.Completed!.Value.FirstPosition, again.Completed.Value.Count));
        Assert.Equal(again.Completed, await ledger.CommitAsync(again, _none));
        Assert.Equal(0, (await ledger.CommitAsync(first, _none)).FirstPosition);
        Assert.Equal(15, ledger.Snapshot().State.Length);
    }

    [Fact]
    public async Task RepeatingAReservationReturnsTheSameRows()
    {
        SequenceLedger ledger = await CreateAsync();
        OperationId operation = OperationId.New();
        Reservation first = await ledger.ReserveAsync(operation, 10, null, _none);
        await ReserveAsync(ledger, 10);
        Reservation again = await ledger.ReserveAsync(operation, 10, null, _none);
        Assert.Equal(first.Rows, again.Rows);
    }

    [Fact]
    public async Task AnOperationIdWithAnotherCountIsRefused()
    {
        SequenceLedger ledger = await CreateAsync();
        OperationId pending = OperationId.New();
        Reservation reservation = await ledger.ReserveAsync(pending, 10, null, _none);
        await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.ReserveAsync(pending, 11, null, _none));
        await ledger.CommitAsync(reservation, _none);
        await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.ReserveAsync(pending, 11, null, _none));
    }

    [Fact]
    public async Task TheExpectedPositionIsHeld()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 10);
        await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.ReserveAsync(OperationId.New(), 1, 9, _none));
        Assert.Equal(10, (await ledger.ReserveAsync(OperationId.New(), 1, 10, _none)).Rows.Start);
    }

    [Fact]
    public async Task AnAbortThrowsAwayWhatStandsBehindItAndRaisesTheFence()
    {
        SequenceLedger ledger = await CreateAsync();
        Reservation ahead = await ReserveAsync(ledger, 5);
        Reservation aborted = await ReserveAsync(ledger, 10);
        Reservation behind = await ReserveAsync(ledger, 20);
        Task<AppendResult> waiting = ledger.CommitAsync(behind, _none).AsTask();
        await ledger.AbortAsync(aborted.OperationId);

        await Assert.ThrowsAsync<ReservationLostException>(() => waiting);
        await Assert.ThrowsAsync<ReservationLostException>(async () => await ledger.CommitAsync(aborted, _none));
        Reservation renewed = await ledger.ReserveAsync(behind.OperationId, 20, null, _none);
        Assert.Equal(new PositionRange(5, 25), renewed.Rows);
        Assert.True(renewed.Fence > behind.Fence);
        await ledger.CommitAsync(ahead, _none);
        await ledger.CommitAsync(renewed, _none);
        Assert.Equal(25, ledger.Snapshot().State.Length);
    }

    [Fact]
    public async Task ASilentAppenderHoldsTheOthersUpOnlyForItsTime()
    {
        SequenceLedger ledger = await CreateAsync();
        await ReserveAsync(ledger, 10);
        _time.Advance(TimeSpan.FromSeconds(1));
        Reservation second = await ReserveAsync(ledger, 20);
        Task<AppendResult> waiting = ledger.CommitAsync(second, _none).AsTask();
        _time.Advance(SequenceLedger.ReservationTimeout);
        await Assert.ThrowsAsync<ReservationLostException>(() => waiting);
        Assert.Equal(0, (await ledger.ReserveAsync(second.OperationId, 20, null, _none)).Rows.Start);
    }

    [Fact]
    public async Task ASlowAppenderAloneIsLeftInPeace()
    {
        SequenceLedger ledger = await CreateAsync();
        Reservation slow = await ReserveAsync(ledger, 10);
        _time.Advance(SequenceLedger.ReservationTimeout * 3);
        Assert.Equal(10, (await ledger.CommitAsync(slow, _none)).Count);
    }

    [Fact]
    public async Task AnEmptyAppendIsAnAppend()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 3);
        Reservation empty = await ReserveAsync(ledger, 0);
        Assert.Empty(empty.Parts);
        Assert.Equal(new AppendResult(3, 0, new SequenceSnapshot(0, 3)), await ledger.CommitAsync(empty, _none));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1024, 1, false)]
    [InlineData(1500, 2, true)]
    [InlineData(3000, 3, true)]
    public async Task TruncationKeepsWholeShardsAndMakesTheCutOneAnew(long length, int shards, bool cuts)
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 3000);
        ShardEntry[] before = ledger.Snapshot().Shards.ToArray();
        List<(ShardEntry New, ShardEntry Old, int Count)> seeds = [];
        (SequenceSnapshot snapshot, IEnumerable<ShardEntry> dropped) = await ledger.TruncateAsync(
            length,
            (cut, old, count) =>
            {
                seeds.Add((cut, old, count));
                return default;
            },
            _none);

        ShardEntry[] after = ledger.Snapshot().Shards.ToArray();
        Assert.Equal(new SequenceSnapshot(1, length), snapshot);
        Assert.Equal(shards, after.Length);
        Assert.Equal(before[..(int)(length / 1024)], after[..(int)(length / 1024)]);
        Assert.Equal(before.Except(after), dropped);
        Assert.Equal(cuts, seeds.Count == 1);
        if (cuts)
        {
            Assert.Equal((after[^1], before[shards - 1], (int)(length % 1024)), seeds[0]);
            Assert.NotEqual(before[shards - 1].Id, after[^1].Id);
        }
    }

    [Fact]
    public async Task ATruncationIsRecognisedByItsId()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 3000);
        OperationId cut = OperationId.New();
        await ledger.TruncateAsync(cut, 1500, static (_, _, _) => default, _none);
        await AppendAsync(ledger, 500);
        (SequenceSnapshot snapshot, IEnumerable<ShardEntry> dropped) = await ledger.TruncateAsync(
            cut, 1500, static (_, _, _) => throw new InvalidOperationException("Cut again."), _none);
        Assert.Equal(new SequenceSnapshot(1, 1500), snapshot);
        Assert.Empty(dropped);
        Assert.Equal(new SequenceSnapshot(1, 2000), ledger.Snapshot().State);
    }

    [Fact]
    public async Task ShardsMadeAfterATruncationHaveNewIds()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 2048);
        ShardId before = ledger.Snapshot().Shards.Span[1].Id;
        await ledger.TruncateAsync(1024, static (_, _, _) => default, _none);
        await AppendAsync(ledger, 1024);
        Assert.NotEqual(before, ledger.Snapshot().Shards.Span[1].Id);
    }

    [Fact]
    public async Task TruncationThrowsReservationsAway()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 100);
        Reservation pending = await ReserveAsync(ledger, 10);
        await ledger.TruncateAsync(50, static (_, _, _) => default, _none);
        await Assert.ThrowsAsync<ReservationLostException>(async () => await ledger.CommitAsync(pending, _none));
        Assert.Equal(50, (await ledger.ReserveAsync(pending.OperationId, 10, null, _none)).Rows.Start);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public async Task TruncationBeyondTheEndsIsRefused(long length)
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 100);
        await Assert.ThrowsAsync<InvalidSpecException>(async () => await ledger.TruncateAsync(length, static (_, _, _) => default, _none));
    }

    [Fact]
    public async Task AForkSharesWholeShardsAndCopiesTheCutOne()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 3000);
        List<ShardEntry> retained = [];
        LedgerRecord fork = await ledger.ForkAsync(
            "fork",
            Guid.NewGuid(),
            1500,
            static (_, _, _) => default,
            (shards, _) =>
            {
                retained.AddRange(shards);
                return default;
            },
            _none);
        Assert.Equal(1500, fork.Length);
        Assert.Equal(ledger.Snapshot().Shards.Span[0], fork.Shards[0]);
        Assert.Equal(fork.Uid, fork.Shards[1].Id.Sequence);
        Assert.Equal([fork.Shards[0]], retained);
    }

    [Fact]
    public async Task OfTwoOwnersTheOlderIsFencedOff()
    {
        SequenceLedger old = await CreateAsync();
        Reservation reservation = await ReserveAsync(old, 10);
        SequenceLedger taken = await OpenAsync();
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await old.CommitAsync(reservation, _none));
        Reservation newer = await ReserveAsync(taken, 7);
        Assert.True(newer.Fence > reservation.Fence + 1_000_000);
        Assert.Equal(7, (await taken.CommitAsync(newer, _none)).Snapshot.Length);
    }

    [Fact]
    public async Task ANewOwnerRemembersOperations()
    {
        SequenceLedger old = await CreateAsync();
        OperationId operation = OperationId.New();
        await old.CommitAsync(await old.ReserveAsync(operation, 10, null, _none), _none);
        SequenceLedger taken = await OpenAsync();
        Assert.NotNull((await taken.ReserveAsync(operation, 10, null, _none)).Completed);
    }

    [Fact]
    public async Task ADeletedSequenceIsNotFound()
    {
        SequenceLedger ledger = await CreateAsync();
        await AppendAsync(ledger, 10);
        Assert.Single(await ledger.DeleteAsync(_none));
        Assert.Throws<SequenceNotFoundException>(() => ledger.Snapshot());
        await Assert.ThrowsAsync<SequenceNotFoundException>(async () => await ReserveAsync(ledger, 1));
        Assert.Null(await _store.ReadAsync("s", _none));
    }

    [Fact]
    public async Task ANameIsTakenOnce()
    {
        await CreateAsync();
        await Assert.ThrowsAsync<SequenceExistsException>(CreateAsync);
    }

    [Fact]
    public void TheWindowOfOperationsForgetsTheOldest()
    {
        OperationWindow window = OperationWindow.Empty;
        OperationId[] ids = [.. Enumerable.Range(0, OperationWindow.Capacity + 2).Select(static _ => OperationId.New())];
        foreach (OperationId id in ids)
        {
            window = window.Add(id, new PositionRange(1, 2));
        }

        Assert.Equal(OperationWindow.Capacity, window.Count);
        Assert.False(window.TryGet(ids[1], out _));
        Assert.True(window.TryGet(ids[2], out _));
        Assert.Equal(ids[2..], window.Oldest.Select(static o => o.Id));
    }

    /// <summary>Random reserve, commit, abort, repeat and truncate against a plain model: every committed row is counted exactly once.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RandomHistoriesKeepTheLaws(int seed)
    {
        Random random = new(seed);
        SequenceLedger ledger = await CreateAsync();
        List<Reservation> open = [];
        List<Task<AppendResult>> waiting = [];
        Dictionary<OperationId, long> counts = [];
        for (int step = 0; step < 2000; step++)
        {
            switch (random.Next(10))
            {
                case < 5:
                    Reservation made = await ReserveAsync(ledger, random.Next(0, 700));
                    counts[made.OperationId] = made.Rows.Length;
                    open.Add(made);
                    break;
                case < 8 when open.Count > 0:
                    Reservation committed = open[random.Next(open.Count)];
                    open.Remove(committed);
                    waiting.Add(ledger.CommitAsync(committed, _none).AsTask());
                    break;
                case 8 when open.Count > 0:
                    await ledger.AbortAsync(open[random.Next(open.Count)].OperationId);
                    break;
                case 9 when random.Next(20) == 0:
                    await ledger.TruncateAsync(random.NextInt64(ledger.Snapshot().State.Length + 1), static (_, _, _) => default, _none);
                    break;
            }
        }

        foreach (Reservation rest in open)
        {
            await ledger.AbortAsync(rest.OperationId);
        }

        long end = 0;
        foreach (Task<AppendResult> task in waiting)
        {
            try
            {
                AppendResult result = await task;
                end = Math.Max(end, result.FirstPosition + result.Count);
                Assert.True(result.FirstPosition + result.Count <= result.Snapshot.Length, $"seed {seed}");
            }
            catch (ReservationLostException)
            {
            }
        }

        foreach ((OperationId id, PositionRange rows) in ledger.Record.Operations.Oldest)
        {
            Assert.Equal(counts[id], rows.Length);
        }

        Assert.True(ledger.Snapshot().State.Length <= end);
        Assert.Equal(LedgerSnapshot.ShardCount(ledger.Snapshot().State.Length, 1024), ledger.Snapshot().Shards.Length);
    }

    private static ValueTask<Reservation> ReserveAsync(SequenceLedger ledger, long count) => ledger.ReserveAsync(OperationId.New(), count, null, _none);

    private static async Task AppendAsync(SequenceLedger ledger, long count) => await ledger.CommitAsync(await ReserveAsync(ledger, count), _none);

    private async Task<SequenceLedger> CreateAsync() =>
        await SequenceLedger.CreateAsync(new LedgerRecord { Id = "s", Uid = Guid.NewGuid(), Spec = _spec }, _store, new LocalPlacement(), _time, _none);

    private async Task<SequenceLedger> OpenAsync() =>
        await SequenceLedger.OpenAsync((await _store.ReadAsync("s", _none))!, _store, new LocalPlacement(), _time, _none);
}
