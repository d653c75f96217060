using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Ledgers;

/// <summary>A ledger that does not answer is read from the store.</summary>
public sealed class StoredSnapshotsTests
{
    private readonly SimulatedVolume _volume = new();
    private readonly LedgerRecord _record = LedgerRecords.Make("s", 5);

    [Fact]
    public async Task ALedgerThatAnswersIsBelieved()
    {
        LedgerSnapshot own = LedgerSnapshot.Of(_record);
        Assert.Same(own, await Snapshots(TimeSpan.FromMinutes(1)).FirstAsync(_record.Id, _record.Uid, Task.FromResult(own), default));
        SequenceNotFoundException gone = new(_record.Id);
        Assert.Same(gone, await Assert.ThrowsAsync<SequenceNotFoundException>(() =>
            Snapshots(TimeSpan.FromMinutes(1)).FirstAsync(_record.Id, _record.Uid, Task.FromException<LedgerSnapshot>(gone), default)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OneThatIsLateOrOutOfReachIsReadFromTheStore(bool fails)
    {
        await new FileLedgerStore(_volume).CompareAndSwapAsync(_record, 0, default);
        TaskCompletionSource<LedgerSnapshot> asked = new();
        if (fails)
        {
            asked.SetException(new TimeoutException());
        }

        LedgerSnapshot read = await Snapshots(fails ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(1)).FirstAsync(_record.Id, _record.Uid, asked.Task, default);
        Assert.Equal((_record.Snapshot, _record.Fence), (read.State, read.Fence));
        Assert.Equal([_record.Shards[0]], read.Shards.ToArray()); // the record's may run ahead of its length
    }

    [Fact]
    public async Task AnotherSequenceOfTheNameIsNotTaken()
    {
        await new FileLedgerStore(_volume).CompareAndSwapAsync(_record, 0, default);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() =>
            Snapshots(TimeSpan.Zero).FirstAsync(_record.Id, Guid.NewGuid(), new TaskCompletionSource<LedgerSnapshot>().Task, default));
    }

    /// <summary>A change whose writer was killed before its sync is readable; a reader that tells of it must not be proved wrong by a loss of power.</summary>
    [Fact]
    public async Task WhatIsReadStaysSo()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            SimulatedVolume volume = new();
            FileLedgerStore writer = new(volume);
            await writer.CompareAndSwapAsync(_record, 0, default);
            volume.OnDevice = static (what, path) =>
            {
                if (what == "sync")
                {
                    throw new OperationCanceledException(); // the process ends here
                }
            };
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await writer.CompareAndSwapAsync(_record with { Length = 6 }, 1, default));
            volume.OnDevice = null;
            long told = (await new FileLedgerStore(volume).ReadCommittedAsync(_record.Id, default))!.Record.Length;
            volume.Crash(new Random(seed));
            Assert.Equal(told, (await new FileLedgerStore(volume).ReadAsync(_record.Id, default))!.Record.Length);
        }
    }

    private StoredSnapshots Snapshots(TimeSpan patience) => new(new FileLedgerStore(_volume), patience, static e => e is TimeoutException, TimeProvider.System);
}
