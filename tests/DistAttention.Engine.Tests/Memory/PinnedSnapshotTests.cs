using DistAttention.Engine.Tests.Embedded;

namespace DistAttention.Engine.Tests.Memory;

/// <summary>A running call answers on the rows it pinned; memory goes when its last reader ends.</summary>
public sealed class PinnedSnapshotTests
{
    // 32 KiB of q per row: 32 rows per tile.
    private static readonly AttentionProblem _problem = new() { Seed = 81, Length = 2500, Rows = 160, GroupSize = 512, HeadDimV = 2 };
    private static readonly AttentionProblem _other = _problem with { Seed = 82 };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(1300)]
    [InlineData(2500)]
    public async Task TruncationDuringACallChangesNothingForIt(int length)
    {
        await using EmbeddedAttention client = Runs.Client(2, static o => o.TilesInFlight = 1);
        IAttentionSequence sequence = await client.FillAsync("s", _problem);
        Task? change = null;
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new()
        {
            Progress = new OnFirst(() => change = Task.Run(async () =>
            {
                await sequence.TruncateAsync(length);
                await sequence.AppendRowsAsync(_other, length, 2500 - length);
            })),
        });
        await change!;
        Assert.Equal(_problem.KernelDigest(), result.Digest());
        Assert.Equal(new SequenceSnapshot(0, 2500), result.Summary.Snapshot);

        // What the call alone kept is gone: as much as a sequence made afresh takes.
        await using EmbeddedAttention fresh = Runs.Client();
        await fresh.FillAsync("s", _problem);
        Assert.Equal(fresh.ResidentBytes, client.ResidentBytes);
        Assert.Equal(client.ResidentBytes, (await sequence.GetInfoAsync()).ResidentBytes);
    }

    [Fact]
    public async Task DeletionDuringACallChangesNothingForIt()
    {
        await using EmbeddedAttention client = Runs.Client(2, static o => o.TilesInFlight = 1);
        IAttentionSequence sequence = await client.FillAsync("s", _problem);
        IAttentionSequence? again = null;
        Task? change = null;
        AttentionMass mass = await sequence.AttentionMassAsync(_problem.Q, new()
        {
            Bins = 10,
            Progress = new OnFirst(() => (change = Task.Run(async () =>
            {
                await client.DeleteSequenceAsync("s");
                again = await client.CreateSequenceAsync("s", _problem.Spec());
            })).Wait()),
        });
        await change!;
        await using EmbeddedAttention untouched = Runs.Client();
        IAttentionSequence expected = await untouched.FillAsync("s", _problem);
        Assert.Equal((await expected.AttentionMassAsync(_problem.Q, new() { Bins = 10 })).Digest(), mass.Digest());
        Assert.Equal(0, client.ResidentBytes);
        Assert.Equal(0, (await again!.GetInfoAsync()).Length);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => sequence.AttendAsync(_problem.Q));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => sequence.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1)));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => sequence.TruncateAsync(0));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => sequence.GetInfoAsync());
    }

    [Fact]
    public async Task ForksShareMemoryAndTheLastOneFreesIt()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", _problem);
        long whole = client.ResidentBytes;
        IAttentionSequence fork = await sequence.ForkAsync("fork", 2300);
        Assert.Equal(whole + (whole / 10), client.ResidentBytes);
        await client.DeleteSequenceAsync("s");
        Assert.Equal(whole / 10 * 9, client.ResidentBytes);
        Assert.Equal((await fork.AttendAsync(_problem.Q)).Digest(), (_problem with { Length = 2300, FirstQueryPosition = 2140 }).PrefixDigest(_problem));
        await client.DeleteSequenceAsync("fork");
        Assert.Equal(0, client.ResidentBytes);
    }

    [Fact]
    public async Task AForkThatCannotHaveItsNameLeavesNothing()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", _problem);
        long before = client.ResidentBytes;
        await Assert.ThrowsAsync<SequenceExistsException>(() => sequence.ForkAsync("s", 1300));
        Assert.Equal(before, client.ResidentBytes);
        Assert.Equal(_problem.KernelDigest(), (await sequence.AttendAsync(_problem.Q)).Digest());
        await client.DeleteSequenceAsync("s");
        Assert.Equal(0, client.ResidentBytes);
    }

    [Fact]
    public async Task NothingIsLeftAfterTheEnd()
    {
        EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", _problem);
        await sequence.ForkAsync("fork", 1300);
        Task<AttentionResult>[] running = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(() => sequence.AttendAsync(_problem.Q)))];
        Task appending = Task.Run(async () =>
        {
            while (true)
            {
                await sequence.AppendAsync(_problem.KRows(0, 300), _problem.VRows(0, 300));
            }
        });
        await running[0];
        await client.DisposeAsync();
        foreach (Task call in running.Append(appending))
        {
            // Answered before, or refused; never left hanging.
            Exception? error = await Record.ExceptionAsync(() => call);
            Assert.True(error is null or ObjectDisposedException, error?.ToString());
        }

        Assert.Equal(0, client.ResidentBytes);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sequence.AttendAsync(_problem.Q));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.OpenSequenceAsync("s"));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task FailuresAndCancellationsLeaveNothing()
    {
        AttentionProblem problem = _problem with { Seed = 83 };
        problem.K.AsSpan(2000 * 16, 16).Fill(1e30f);
        problem.Q.AsSpan(100 * 512 * 16, 16).Fill(1e10f);
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttendAsync(problem.Q));
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sequence.AttendAsync(problem.QRows(0, 96), new() { Progress = new OnFirst(stop.Cancel) }, stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sequence.AttendAsync(problem.QRows(0, 1), cancellationToken: stop.Token));
        await client.DeleteSequenceAsync("s");
        Assert.Equal(0, client.ResidentBytes);
    }

    private sealed class OnFirst(Action act) : IProgress<AttentionProgress>
    {
        private int _reports;

        public void Report(AttentionProgress value)
        {
            if (Interlocked.Increment(ref _reports) == 1)
            {
                act();
            }
        }
    }
}
