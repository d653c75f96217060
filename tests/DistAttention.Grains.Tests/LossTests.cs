using System.Diagnostics;

namespace DistAttention.Grains.Tests;

/// <summary>Silos that go. A crash of a real process is tested with real processes; here a silo ends without warning.</summary>
public sealed class LossTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 701, Length = 9000, Rows = 20, GroupSize = 2 };

    [Fact]
    public async Task RowsOfALostSiloAreNamedAndTheRestStillAnswers()
    {
        await using TestSilos silos = await TestSilos.StartAsync(3);
        IAttentionSequence sequence = await silos.Client.FillAsync(_problem);
        AttentionPlan plan = await sequence.ExplainAsync(20);
        ShardVisit lost = plan.Visits.First(v => v.Owner != plan.Visits[0].Owner);
        await Silo.AllOf(silos).Single(s => s.Owner == lost.Owner).KillAsync();

        long before = Stopwatch.GetTimestamp();
        ShardLostException error = await Assert.ThrowsAsync<ShardLostException>(() => sequence.AttendAsync(_problem.Q));
        Assert.InRange(Stopwatch.GetElapsedTime(before), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal((sequence.Id, lost.Positions.Start, false), (error.Id, error.Positions.Start, error.IsTransient));
        error = await Assert.ThrowsAsync<ShardLostException>(() => sequence.AttentionMassAsync(_problem.Q, new() { Bins = 3 }));
        Assert.Equal(lost.Positions.Start, error.Positions.Start);

        // What sees none of the lost rows is answered, and exactly.
        AttentionProblem first = _problem with { Length = (int)lost.Positions.Start };
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new() { Length = lost.Positions.Start });
        Assert.Equal(first.PrefixDigest(_problem), result.Digest());

        // New sequences live on the silos that are left.
        IAttentionSequence next = await silos.Client.FillAsync(_problem);
        Assert.Equal(_problem.KernelDigest(), (await next.AttendAsync(_problem.Q)).Digest());
        Assert.DoesNotContain(lost.Owner, (await next.ExplainAsync(1)).Visits.Select(static v => v.Owner));
    }

    [Fact]
    public async Task AnAppendDoesNotHideTheLossOfRowsBeforeIt()
    {
        await using TestSilos silos = await TestSilos.StartAsync(2);
        IAttentionSequence sequence = await silos.Client.CreateSequenceAsync("s", _problem.Spec());
        await sequence.AppendRowsAsync(_problem, 0, 1500);
        AttentionPlan plan = await sequence.ExplainAsync(1);
        Assert.NotEqual(plan.Visits[0].Owner, plan.Visits[1].Owner);
        await Silo.AllOf(silos).Single(s => s.Owner == plan.Visits[1].Owner).KillAsync();
        ShardLostException error = await Assert.ThrowsAsync<ShardLostException>(() => sequence.AppendAsync(_problem.KRows(1500, 10), _problem.VRows(1500, 10)));
        Assert.Equal(new PositionRange(1024, 1500), error.Positions);
        Assert.Equal(1500, (await sequence.GetInfoAsync()).Length);

        // Cut back to what is left, it goes on.
        await sequence.TruncateAsync(1024);
        await sequence.AppendRowsAsync(_problem, 1024, 9000 - 1024);
        Assert.Equal(_problem.KernelDigest(), (await sequence.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task ASiloWithoutRowsIsNotMissed()
    {
        await using TestSilos silos = await TestSilos.StartAsync(3);
        AttentionProblem small = _problem with { Length = 1000 };
        IAttentionSequence sequence = await silos.Client.FillAsync(small);
        string owner = (await sequence.ExplainAsync(1)).Visits.Single().Owner;
        foreach (Silo other in Silo.AllOf(silos).Where(s => s.Owner != owner))
        {
            await other.KillAsync();
            string expected = small.KernelDigest();
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(expected, (await sequence.AttendAsync(small.Q)).Digest());
            }
        }

        List<string> names = [];
        await foreach (SequenceInfo info in silos.Client.ListSequencesAsync())
        {
            names.Add(info.Id.Value);
        }

        Assert.Equal([sequence.Id.Value], names);
        Assert.Single(await silos.Client.GetClusterReportAsync());
    }

    [Fact]
    public async Task ALostLedgerIsALossAndItsNameCanBeUsedAgain()
    {
        await using TestSilos silos = await TestSilos.StartAsync(3);
        Silo[] all = Silo.AllOf(silos);
        IAttentionSequence sequence;
        string owner;
        string catalog = await CatalogSiloAsync(silos);
        do
        {
            sequence = await silos.Client.FillAsync(_problem with { Length = 1000 });
            owner = (await sequence.ExplainAsync(1)).Visits.Single().Owner;
        }
        while (owner == catalog);

        await all.Single(s => s.Owner == owner).KillAsync();
        ShardLostException error = await Assert.ThrowsAsync<ShardLostException>(() => sequence.AttendAsync(_problem.Q));
        Assert.Equal((sequence.Id, 0), (error.Id, error.Positions.Start));
        await Assert.ThrowsAsync<ShardLostException>(() => silos.Client.OpenSequenceAsync(sequence.Id));
        await silos.Client.DeleteSequenceAsync(sequence.Id);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => silos.Client.OpenSequenceAsync(sequence.Id));
        await silos.Client.CreateSequenceAsync(sequence.Id, _problem.Spec());
    }

    [Fact]
    public async Task ALedgerThatIsLostTogetherWithTheCatalogIsStillALoss()
    {
        await using TestSilos silos = await TestSilos.StartAsync(3);
        string catalog = await CatalogSiloAsync(silos);
        IAttentionSequence sequence;
        do
        {
            sequence = await silos.Client.FillAsync(_problem with { Length = 1000 });
        }
        while ((await sequence.ExplainAsync(1)).Visits.Single().Owner != catalog);

        IAttentionSequence deleted = await silos.Client.CreateSequenceAsync("deleted", _problem.Spec());
        await silos.Client.DeleteSequenceAsync(deleted.Id);
        await Silo.AllOf(silos).Single(s => s.Owner == catalog).KillAsync();
        Assert.Equal(sequence.Id, (await Assert.ThrowsAsync<ShardLostException>(() => silos.Client.OpenSequenceAsync(sequence.Id))).Id);
        await Assert.ThrowsAsync<ShardLostException>(() => sequence.AttendAsync(_problem.Q));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => silos.Client.OpenSequenceAsync("deleted"));
        await Assert.ThrowsAsync<SequenceExistsException>(() => silos.Client.CreateSequenceAsync(sequence.Id, _problem.Spec()));
        await silos.Client.DeleteSequenceAsync(sequence.Id);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => silos.Client.OpenSequenceAsync(sequence.Id));
        await silos.Client.CreateSequenceAsync(sequence.Id, _problem.Spec());
    }

    [Fact]
    public async Task ASiloThatJoinsTakesItsShare()
    {
        await using TestSilos silos = await TestSilos.StartAsync(1);
        IAttentionSequence before = await silos.Client.FillAsync(_problem);
        await silos.Cluster.StartAdditionalSiloAsync();
        await silos.Cluster.WaitForLivenessToStabilizeAsync();
        IAttentionSequence after = await silos.Client.FillAsync(_problem);
        Assert.Equal(2, (await after.ExplainAsync(1)).Visits.Select(static v => v.Owner).Distinct().Count());
        await before.AppendRowsAsync(_problem, 0, 9000);
        Assert.Equal(2, (await before.ExplainAsync(1)).Visits.Select(static v => v.Owner).Distinct().Count());
        Assert.Equal(_problem.KernelDigest(), (await after.AttendAsync(_problem.Q)).Digest());
        Assert.Equal(2, (await silos.Client.GetClusterReportAsync()).Count);
    }

    private static async Task<string> CatalogSiloAsync(TestSilos silos)
    {
        IGrainFactory grains = silos.Cluster.Client;
        await grains.GetGrain<Contracts.ISequenceCatalogGrain>(0).FindAsync("");
        Orleans.Runtime.SiloAddress? silo = await grains.GetGrain<Orleans.Runtime.IManagementGrain>(0).GetActivationAddress(grains.GetGrain<Contracts.ISequenceCatalogGrain>(0));
        return silo!.ToParsableString();
    }
}
