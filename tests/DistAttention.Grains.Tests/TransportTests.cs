using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Engine;
using DistAttention.Engine.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Statistics;

namespace DistAttention.Grains.Tests;

public sealed class TransportTests(TwoSilos silos) : IClassFixture<TwoSilos>
{
    private static readonly AttentionProblem _problem = new() { Seed = 801, Length = 5000, Rows = 20, GroupSize = 2 };

    [Fact]
    public async Task AQueryOutlivesTheResponseTimeoutOfTheTransport()
    {
        await using TestSilos hasty = await TestSilos.StartAsync(2, responseTimeout: TimeSpan.FromSeconds(2));
        IAttentionSequence sequence = await hasty.Client.FillAsync(_problem);
        GatedPool[] gates = [.. Silo.AllOf(hasty).Select(static s => new GatedPool(s.Pool))];
        Task<AttentionResult> running = sequence.AttendAsync(_problem.Q);

        // The one wait that cannot be replaced by an event: nothing may happen for longer than the time-out.
        Task<AttentionResult> first = await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(4)).ContinueWith(static _ => (AttentionResult)null!, TaskScheduler.Default));
        Assert.NotSame(running, first);
        foreach (GatedPool gate in gates)
        {
            await gate.OpenAsync();
        }

        AttentionResult result = await running;
        Assert.Equal((_problem.KernelDigest(), 0L), (result.Digest(), result.Summary.Retries));
    }

    [Fact]
    public async Task AShardThatIsElsewhereIsFoundAndTheLedgerLearnsOfIt()
    {
        IAttentionSequence sequence = await silos.Client.FillAsync(_problem);
        AttentionPlan before = await sequence.ExplainAsync(1);
        ISequenceGrain ledger = silos.Cluster.Client.GetGrain<ISequenceGrain>(sequence.Id.Value);
        SequenceHandle handle = await ledger.OpenAsync(default);
        LedgerView view = await ledger.GetSnapshotAsync(handle.Uid, default);

        // The ledger is told that every shard is on the other silo.
        foreach ((ShardRef shard, string owner) in view.Shards.Shards())
        {
            await ledger.FoundAsync(handle.Uid, shard, view.Shards.Owners.Single(o => o != owner));
        }

        AttentionResult result = await sequence.AttendAsync(_problem.Q);
        Assert.Equal(_problem.KernelDigest(), result.Digest());
        Assert.True(result.Summary.Retries > 0);
        AttentionPlan after = await sequence.ExplainAsync(1);
        Assert.Equal(before.Visits.Select(static v => v.Owner), after.Visits.Select(static v => v.Owner));
        Assert.Equal(0, (await sequence.AttendAsync(_problem.Q)).Summary.Retries);
    }

    [Fact]
    public async Task AnswersLargerThanAMessageAreFetchedInParts()
    {
        // 32 MiB of bins from the coordinator, 64 MiB from the other silo, and two silos that hold some of it each.
        AttentionProblem problem = new() { Seed = 802, Length = 2000, Rows = 1, GroupSize = 128, HeadDim = 4, HeadDimV = 4 };
        AttentionMassOptions options = new() { Bins = AttentionMassOptions.MaxBins, TopK = 2 };
        AttentionMass mass = await (await silos.Client.FillAsync(problem)).AttentionMassAsync(problem.Q, options);
        await using EmbeddedAttention embedded = new();
        AttentionMass expected = await (await embedded.FillAsync(problem)).AttentionMassAsync(problem.Q, options);
        Assert.True(expected.BinMass.Span.SequenceEqual(mass.BinMass.Span));
        Assert.True(expected.TopPositions.Span.SequenceEqual(mass.TopPositions.Span));
    }

    [Fact]
    public async Task ARowWhosePartialsFillSeveralMessagesIsAskedForByNodes()
    {
        // 1.4 MiB a partial, shards of the two silos in turns: six partials from the other one.
        AttentionProblem problem = new() { Seed = 804, Length = 12_000, Rows = 1, GroupSize = 1024, HeadDim = 4, HeadDimV = 340 };
        IAttentionSequence sequence = await silos.Client.CreateSequenceAsync("scattered", problem.Spec());
        for (int first = 0; first < problem.Length; first += 1024)
        {
            await sequence.AppendRowsAsync(problem, first, Math.Min(1024, problem.Length - first));
        }

        AttentionResult result = await sequence.AttendAsync(problem.Q);
        Assert.Equal(problem.KernelDigest(), result.Digest());
        Assert.True(result.Summary.Partials > 6, $"{result.Summary.Partials} partials");
    }

    [Fact]
    public void WhatNoMessageCarriesIsRefusedWhereItWouldBeSent()
    {
        MessageTooLargeException error = Assert.Throws<MessageTooLargeException>(static () => CallLimits.RequireFits("A thing", CallLimits.MaxMessageBytes));
        Assert.True(error.Bytes > error.LimitBytes);
        Assert.Throws<MessageTooLargeException>(static () => Parcels.RequireFits("A thing", Parcels.MaxBytes + 1));
    }

    [Fact]
    public void TheKvOfASiloCountsAsItsMemory()
    {
        IEnvironmentStatisticsProvider provider = silos.Cluster.GetSiloServiceProvider(silos.Cluster.Silos[0].SiloAddress).GetRequiredService<IEnvironmentStatisticsProvider>();
        EnvironmentStatistics managed = Assert.IsType<KvStatistics>(provider).GetEnvironmentStatistics();
        const long Resident = 1 << 20;
        ByteBudget budget = new(1 << 30);
        budget.Take(Resident);
        EnvironmentStatistics all = new KvStatistics(new Fixed(managed), budget).GetEnvironmentStatistics();
        Assert.Equal(managed.RawMemoryUsageBytes + Resident, all.RawMemoryUsageBytes);
        Assert.Equal(managed.FilteredMemoryUsageBytes + Resident, all.FilteredMemoryUsageBytes);
        Assert.Equal(managed.RawAvailableMemoryBytes - Resident, all.RawAvailableMemoryBytes);
        Assert.Equal(managed.FilteredAvailableMemoryBytes - Resident, all.FilteredAvailableMemoryBytes);
        Assert.Equal(
            (managed.MaximumAvailableMemoryBytes, managed.RawCpuUsagePercentage, managed.FilteredCpuUsagePercentage),
            (all.MaximumAvailableMemoryBytes, all.RawCpuUsagePercentage, all.FilteredCpuUsagePercentage));
    }

    [Fact]
    public async Task AFullSiloSaysSo()
    {
        await using TestSilos small = await TestSilos.StartAsync(1, static o => o.MemoryBudgetBytes = 1 << 20);
        IAttentionSequence sequence = await small.Client.CreateSequenceAsync("s", _problem.Spec());
        await sequence.AppendAsync(_problem.KRows(0, 1000), _problem.VRows(0, 1000));
        long used = (await sequence.GetInfoAsync()).ResidentBytes;
        AttentionProblem large = new() { Seed = 803, Length = 5000, NumHeadsKv = 1, HeadDim = 128, HeadDimV = 128 };
        IAttentionSequence second = await small.Client.CreateSequenceAsync("t", large.Spec());
        CapacityExceededException error = await Assert.ThrowsAsync<CapacityExceededException>(() => second.AppendAsync(large.K, large.V));
        Assert.Equal(1 << 20, error.BudgetBytes);
        Assert.Equal(0, (await second.GetInfoAsync()).Length);

        // What was given up left nothing behind.
        Assert.True(SpinWait.SpinUntil(() => Silo.AllOf(small)[0].UsedBytes == used, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task ManySequencesDecodeInOneCall()
    {
        List<BatchItem> items = [];
        List<string> expected = [];
        for (int i = 0; i < 40; i++)
        {
            AttentionProblem problem = _problem with { Seed = 810 + (ulong)i, Length = 100 * (i + 1), Rows = i % 5 };
            items.Add(new BatchItem(await silos.Client.FillAsync(problem), problem.Q, problem.Options()));
            expected.Add(problem.KernelDigest());
        }

        IReadOnlyList<AttentionResult> results = await silos.Client.AttendBatchAsync(items);
        Assert.Equal(expected, results.Select(static r => r.Digest()));
        Assert.Equal(items.Select(static i => i.Q.Length / 32L), results.Select(static r => r.Summary.Rows));

        await silos.Client.DeleteSequenceAsync(items[7].Sequence.Id);
        SequenceNotFoundException error = await Assert.ThrowsAsync<SequenceNotFoundException>(() => silos.Client.AttendBatchAsync(items));
        Assert.Equal(items[7].Sequence.Id, error.Id);
        await silos.Client.DeleteSequenceAsync(items[9].Sequence.Id);
        PartialFailureException several = await Assert.ThrowsAsync<PartialFailureException>(() => silos.Client.AttendBatchAsync(items));
        Assert.Equal(2, several.Failed);
    }

    [Fact]
    public async Task TheReportAddsUp()
    {
        await using TestSilos fresh = await TestSilos.StartAsync(2, static o => o.MemoryBudgetBytes = 1 << 28);
        IAttentionSequence sequence = await fresh.Client.FillAsync(_problem);
        await sequence.AttendAsync(_problem.Q);
        IReadOnlyList<SiloReport> reports = await fresh.Client.GetClusterReportAsync();
        Assert.Equal(Silo.AllOf(fresh).Select(static s => s.Owner).Order(), reports.Select(static r => r.Silo).Order());
        Assert.Equal((5, 5000L, 1), (reports.Sum(static r => r.Shards), reports.Sum(static r => r.Positions), reports.Sum(static r => r.Sequences)));
        Assert.Equal((await sequence.GetInfoAsync()).ResidentBytes, reports.Sum(static r => r.ResidentBytes));
        Assert.All(reports, static r => Assert.Equal((1 << 28, 1, true), (r.BudgetBytes, r.ComputeThreads, r.Shards > 0)));
        await fresh.Client.DeleteSequenceAsync(sequence.Id);
        reports = await fresh.Client.GetClusterReportAsync();
        Assert.Equal((0, 0L, 0), (reports.Sum(static r => r.Shards), reports.Sum(static r => r.ResidentBytes), reports.Sum(static r => r.Sequences)));
    }

    [Fact]
    public void OptionsAreCheckedByName()
    {
        DistAttentionOptionsValidator validator = new();
        Assert.True(validator.Validate(null, new DistAttentionOptions()).Succeeded);
        (string Property, Action<DistAttentionOptions> Break)[] rules =
        [
            (nameof(DistAttentionOptions.ComputeThreads), static o => o.ComputeThreads = 0),
            (nameof(DistAttentionOptions.MemoryBudgetBytes), static o => o.MemoryBudgetBytes = -1),
            (nameof(DistAttentionOptions.MaxQueuedJobs), static o => o.MaxQueuedJobs = 0),
            (nameof(DistAttentionOptions.MemoryBytesPerCaller), static o => o.MemoryBytesPerCaller = 0),
            (nameof(DistAttentionOptions.MaxCalls), static o => o.MaxCalls = 0),
            (nameof(DistAttentionOptions.MaxCallBytes), static o => o.MaxCallBytes = 0),
            (nameof(DistAttentionOptions.MaxCallsPerCaller), static o => o.MaxCallsPerCaller = 0),
            (nameof(DistAttentionOptions.MaxCallBytesPerCaller), static o => o.MaxCallBytesPerCaller = 0),
            (nameof(DistAttentionOptions.MaxWaitingMessages), static o => o.MaxWaitingMessages = 0),
            (nameof(DistAttentionOptions.WritesInFlight), static o => o.WritesInFlight = 0),
            (nameof(DistAttentionOptions.ConnectionsPerPeer), static o => o.ConnectionsPerPeer = 0),
            (nameof(DistAttentionOptions.MinAttemptTime), static o => o.MinAttemptTime = TimeSpan.Zero),
            (nameof(DistAttentionOptions.StallTime), static o => o.StallTime = TimeSpan.Zero),
            (nameof(DistAttentionOptions.ProbeTimeout), static o => o.ProbeTimeout = TimeSpan.FromDays(1)),
            (nameof(DistAttentionOptions.ReportMaxAge), static o => o.ReportMaxAge = TimeSpan.FromSeconds(-1)),
        ];
        foreach ((string property, Action<DistAttentionOptions> breakRule) in rules)
        {
            DistAttentionOptions options = new();
            breakRule(options);
            ValidateOptionsResult result = validator.Validate(null, options);
            Assert.Contains($"{nameof(DistAttentionOptions)}.{property}:", Assert.Single(result.Failures!), StringComparison.Ordinal);
        }

        (string Property, Action<DistAttentionClientOptions> Break)[] clientRules =
        [
            (nameof(DistAttentionClientOptions.TilesInFlight), static o => o.TilesInFlight = 0),
            (nameof(DistAttentionClientOptions.WritesInFlight), static o => o.WritesInFlight = 0),
            (nameof(DistAttentionClientOptions.Coordinators), static o => o.Coordinators = 0),
            (nameof(DistAttentionClientOptions.MaxCalls), static o => o.MaxCalls = 0),
            (nameof(DistAttentionClientOptions.ConnectionsPerGateway), static o => o.ConnectionsPerGateway = 0),
            (nameof(DistAttentionClientOptions.ConnectTimeout), static o => o.ConnectTimeout = TimeSpan.Zero),
            (nameof(DistAttentionClientOptions.MinAttemptTime), static o => o.MinAttemptTime = TimeSpan.Zero),
            (nameof(DistAttentionClientOptions.ProbeTimeout), static o => o.ProbeTimeout = TimeSpan.Zero),
            (nameof(DistAttentionClientOptions.StallTime), static o => o.StallTime = TimeSpan.Zero),
            (nameof(DistAttentionClientOptions.RetryTime), static o => o.RetryTime = TimeSpan.Zero),
            (nameof(DistAttentionClientOptions.ClusterId), static o => o.ClusterId = " "),
            (nameof(DistAttentionClientOptions.ServiceId), static o => o.ServiceId = ""),
            (nameof(DistAttentionClientOptions.TimeProvider), static o => o.TimeProvider = null!),
        ];
        foreach ((string property, Action<DistAttentionClientOptions> breakRule) in clientRules)
        {
            DistAttentionClientOptions options = new();
            breakRule(options);
            Assert.Equal(property, Assert.Throws<InvalidSpecException>(options.Validate).Property);
        }
    }

    private sealed class Fixed(EnvironmentStatistics statistics) : IEnvironmentStatisticsProvider
    {
        public EnvironmentStatistics GetEnvironmentStatistics() => statistics;
    }
}
