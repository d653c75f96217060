using DistAttention.Engine.Tests.Ledger;

namespace DistAttention.Engine.Tests.Embedded;

public sealed class ClientTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 101, Length = 2500, Rows = 10 };

    [Fact]
    public async Task SequencesAreCreatedOpenedListedAndDeleted()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence b = await client.FillAsync("b/2", _problem);
        await client.CreateSequenceAsync("b/1", _problem.Spec());
        await client.CreateSequenceAsync("a", _problem.Spec());
        Assert.Same(b, await client.OpenSequenceAsync("b/2"));
        Assert.Equal(["a", "b/1", "b/2"], await NamesAsync(client, null));
        Assert.Equal(["b/1", "b/2"], await NamesAsync(client, "b/"));
        await Assert.ThrowsAsync<SequenceExistsException>(() => client.CreateSequenceAsync("a", _problem.Spec()));
        await client.DeleteSequenceAsync("a");
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => client.DeleteSequenceAsync("a"));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => client.OpenSequenceAsync("a"));
        SequenceInfo info = await b.GetInfoAsync();
        Assert.Equal((2500L, 3, client.ResidentBytes), (info.Length, info.ShardCount, info.ResidentBytes));
        await Assert.ThrowsAsync<InvalidSpecException>(() => client.CreateSequenceAsync(default, _problem.Spec()));
        await Assert.ThrowsAsync<InvalidSpecException>(() => client.CreateSequenceAsync("c", _problem.Spec() with { HeadDim = 0 }));
    }

    [Fact]
    public async Task DeletingAForkLeavesTheRowsOfAParentThatNobodyOpened()
    {
        InMemoryStores stores = new();
        await using (EmbeddedAttention first = stores.Client())
        {
            IAttentionSequence parent = await first.FillAsync("parent", _problem);
            await parent.ForkAsync("fork");
            await parent.ForkAsync("other");
        }

        await using (EmbeddedAttention second = stores.Client())
        {
            await second.DeleteSequenceAsync("fork");
            IAttentionSequence other = await second.OpenSequenceAsync("other");
            await other.TruncateAsync(100);
        }

        await using EmbeddedAttention third = stores.Client();
        IAttentionSequence kept = await third.OpenSequenceAsync("parent");
        Assert.Equal(_problem.KernelDigest(), (await kept.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task AForkOfALongLivedSequenceIsReadBackWhole()
    {
        InMemoryStores stores = new();
        await using (EmbeddedAttention first = stores.Client())
        {
            await first.FillAsync("parent", _problem with { Length = 0 });
        }

        // Opened again, the parent writes under higher fences than a new sequence starts with.
        await using (EmbeddedAttention second = stores.Client())
        {
            IAttentionSequence parent = await second.OpenSequenceAsync("parent");
            await parent.AppendRowsAsync(_problem, 0, 1500);
            IAttentionSequence fork = await parent.ForkAsync("fork");
            await fork.AppendRowsAsync(_problem, 1500, 1000, 300);
            Assert.Equal(_problem.KernelDigest(), (await fork.AttendAsync(_problem.Q)).Digest());
        }

        await using EmbeddedAttention third = stores.Client();
        IAttentionSequence opened = await third.OpenSequenceAsync("fork");
        Assert.Equal(_problem.KernelDigest(), (await opened.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task ACallGivesUpAtItsDeadline()
    {
        // 32 rows per tile, one at a time; the clock jumps after the first.
        AttentionProblem problem = new() { Seed = 102, Length = 300, Rows = 160, GroupSize = 512, HeadDimV = 2 };
        ManualTime time = new();
        await using EmbeddedAttention client = Runs.Client(1, o => (o.TilesInFlight, o.TimeProvider) = (1, time));
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        int reports = 0;
        Jump jump = new(() =>
        {
            reports++;
            time.Advance(TimeSpan.FromSeconds(7));
        });
        AttentionTimeoutException error = await Assert.ThrowsAsync<AttentionTimeoutException>(
            () => sequence.AttendAsync(problem.Q, new() { Timeout = TimeSpan.FromSeconds(10), Progress = jump }));
        Assert.Equal((TimeSpan.FromSeconds(10), true, 2), (error.Timeout, error.IsTransient, reports));
        Assert.Equal(0, time.ActiveTimers);
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q)).Digest());
    }

    [Fact]
    public async Task ACancelledCallStopsAtTheNextTile()
    {
        AttentionProblem problem = new() { Seed = 103, Length = 300, Rows = 1600, GroupSize = 512, HeadDimV = 2 };
        await using EmbeddedAttention client = Runs.Client(1, static o => o.TilesInFlight = 1);
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        using CancellationTokenSource stop = new();
        int reports = 0;
        Jump jump = new(() =>
        {
            reports++;
            stop.Cancel();
        });
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sequence.AttendAsync(problem.Q, new() { Progress = jump }, stop.Token));
        Assert.Equal(1, reports);
        Assert.True(stop.IsCancellationRequested);
    }

    [Fact]
    public async Task ACallLetInIsNotRefusedByItsOwnTiles()
    {
        // More tiles in flight than the queue holds: they wait for one another, and what is computed is not thrown away.
        AttentionProblem problem = new() { Seed = 104, Length = 300, Rows = 640, GroupSize = 512, HeadDimV = 2, Mask = AttentionMask.Causal };
        await using EmbeddedAttention client = Runs.Client(1, static o => (o.TilesInFlight, o.MaxQueuedJobs) = (6, 1));
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", problem.Spec());
        await sequence.AppendAsync(problem.K, problem.V);
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q, problem.Options())).Digest());
    }

    [Fact]
    public async Task OptionsAreCheckedByName()
    {
        (string Property, Action<EmbeddedOptions> Break)[] rules =
        [
            (nameof(EmbeddedOptions.ComputeThreads), static o => o.ComputeThreads = 0),
            (nameof(EmbeddedOptions.MemoryBudgetBytes), static o => o.MemoryBudgetBytes = 0),
            (nameof(EmbeddedOptions.MaxQueuedJobs), static o => o.MaxQueuedJobs = -1),
            (nameof(EmbeddedOptions.MemoryBytesPerCaller), static o => o.MemoryBytesPerCaller = 0),
            (nameof(EmbeddedOptions.MaxCalls), static o => o.MaxCalls = 0),
            (nameof(EmbeddedOptions.MaxCallBytes), static o => o.MaxCallBytes = 0),
            (nameof(EmbeddedOptions.MaxCallsPerCaller), static o => o.MaxCallsPerCaller = 0),
            (nameof(EmbeddedOptions.MaxCallBytesPerCaller), static o => o.MaxCallBytesPerCaller = -1),
            (nameof(EmbeddedOptions.TilesInFlight), static o => o.TilesInFlight = 0),
            (nameof(EmbeddedOptions.ShardStore), static o => o.ShardStore = null!),
            (nameof(EmbeddedOptions.LedgerStore), static o => o.LedgerStore = null!),
            (nameof(EmbeddedOptions.TimeProvider), static o => o.TimeProvider = null!),
        ];
        foreach ((string property, Action<EmbeddedOptions> breakRule) in rules)
        {
            EmbeddedOptions options = new();
            breakRule(options);
            Assert.Equal(property, Assert.Throws<InvalidSpecException>(() => new EmbeddedAttention(options)).Property);
        }

        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(new float[16], new() { Timeout = TimeSpan.Zero }));
        await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttentionMassAsync(new float[16], new()));
    }

    private static async Task<List<string>> NamesAsync(IAttentionClient client, string? prefix)
    {
        List<string> names = [];
        await foreach (SequenceInfo info in client.ListSequencesAsync(prefix))
        {
            names.Add(info.Id.Value);
        }

        return names;
    }

    private sealed class Jump(Action act) : IProgress<AttentionProgress>
    {
        public void Report(AttentionProgress value) => act();
    }
}
