namespace DistAttention.ClientSuite;

/// <summary>Sequences are made, forked, cut and deleted; calls see what they should of it.</summary>
public abstract class LifeCycleSuite
{
    private static readonly AttentionProblem _problem = new() { Seed = 301, Length = 5000, Rows = 10 };

    /// <summary>The client; the same for all tests of a class.</summary>
    protected abstract IAttentionClient Client { get; }

    [Fact]
    public async Task SequencesAreCreatedOpenedListedAndDeleted()
    {
        string prefix = ClientRuns.NewName() + "/";
        string[] names = [prefix + "a", prefix + "b/1", prefix + "b/2"];
        foreach (string name in names.Reverse())
        {
            await Client.CreateSequenceAsync(name, _problem.Spec());
        }

        IAttentionSequence opened = await Client.OpenSequenceAsync(names[1]);
        Assert.Equal((names[1], _problem.Spec()), (opened.Id.Value, opened.Spec));
        await opened.AppendRowsAsync(_problem, 0, 2500);
        Assert.Equal(names, await NamesAsync(prefix));
        Assert.Equal(names[1..], await NamesAsync(prefix + "b/"));
        SequenceInfo info = await opened.GetInfoAsync();
        Assert.Equal((2500L, 3, new SequenceSnapshot(0, 2500)), (info.Length, info.ShardCount, info.Snapshot));
        Assert.True(info.ResidentBytes >= 2500 * 32 * sizeof(float));

        SequenceExistsException exists = await Assert.ThrowsAsync<SequenceExistsException>(() => Client.CreateSequenceAsync(names[0], _problem.Spec()));
        Assert.Equal(names[0], exists.Id.Value);
        await Client.DeleteSequenceAsync(names[0]);
        Assert.Equal(names[0], (await Assert.ThrowsAsync<SequenceNotFoundException>(() => Client.DeleteSequenceAsync(names[0]))).Id.Value);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => Client.OpenSequenceAsync(names[0]));
        Assert.Equal(names[1..], await NamesAsync(prefix));
        await Assert.ThrowsAsync<InvalidSpecException>(() => Client.CreateSequenceAsync(default, _problem.Spec()));
        await Assert.ThrowsAsync<InvalidSpecException>(() => Client.OpenSequenceAsync(default));
        Assert.Equal(nameof(SequenceSpec.HeadDim), (await Assert.ThrowsAsync<InvalidSpecException>(
            () => Client.CreateSequenceAsync(prefix + "c", _problem.Spec() with { HeadDim = 0 }))).Property);
        Assert.Equal((99, 1), await VersionsAsync(prefix + "c"));
    }

    [Fact]
    public async Task AHandleNeverSpeaksOfALaterSequenceOfTheSameName()
    {
        IAttentionSequence first = await Client.FillAsync(_problem);
        await Client.DeleteSequenceAsync(first.Id);
        IAttentionSequence second = await Client.CreateSequenceAsync(first.Id, _problem.Spec());
        await second.AppendRowsAsync(_problem, 0, 100);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => first.AttendAsync(_problem.Q));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => first.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1)));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => first.GetInfoAsync());
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => first.TruncateAsync(0));
        Assert.Equal(100, (await second.GetInfoAsync()).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1024)]
    [InlineData(2049)]
    [InlineData(5000)]
    public async Task TruncationKeepsTheFirstPositionsAndAppendsGoOn(int length)
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        Assert.Equal(new SequenceSnapshot(1, length), await sequence.TruncateAsync(length));
        AttentionProblem prefix = _problem with { Length = length };
        Assert.Equal(prefix.PrefixDigest(_problem), (await sequence.AttendAsync(_problem.Q)).Digest());
        await sequence.AppendRowsAsync(_problem, length, 5000 - length);
        Assert.Equal(_problem.KernelDigest(), (await sequence.AttendAsync(_problem.Q)).Digest());
        InvalidSpecException error = await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.TruncateAsync(5001));
        Assert.Equal("length", error.Property);
        await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.TruncateAsync(-1));
    }

    [Fact]
    public async Task AForkAndItsParentGoTheirOwnWays()
    {
        IAttentionSequence parent = await Client.FillAsync(_problem);
        IAttentionSequence fork = await parent.ForkAsync(ClientRuns.NewName(), 3000);
        IAttentionSequence all = await parent.ForkAsync(ClientRuns.NewName());
        await Assert.ThrowsAsync<SequenceExistsException>(() => parent.ForkAsync(all.Id));
        await parent.TruncateAsync(10);
        await fork.AppendRowsAsync(_problem, 3000, 2000);
        string expected = _problem.KernelDigest();
        Assert.Equal(expected, (await fork.AttendAsync(_problem.Q)).Digest());
        Assert.Equal(expected, (await all.AttendAsync(_problem.Q)).Digest());
        await Client.DeleteSequenceAsync(parent.Id);
        await Client.DeleteSequenceAsync(all.Id);
        Assert.Equal(expected, (await fork.AttendAsync(_problem.Q)).Digest());
        IAttentionSequence second = await fork.ForkAsync(ClientRuns.NewName(), 4999);
        await second.AppendRowsAsync(_problem, 4999, 1);
        Assert.Equal(expected, (await second.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task ACallCanAskForAnEarlierLength()
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        foreach (int length in (int[])[0, 1, 1024, 3500, 5000])
        {
            AttentionResult result = await sequence.AttendAsync(_problem.Q, new() { Length = length });
            Assert.Equal((_problem with { Length = length }).PrefixDigest(_problem), result.Digest());
            Assert.Equal((new SequenceSnapshot(0, length), length - 10L), (result.Summary.Snapshot, result.Summary.FirstQueryPosition));
        }

        InvalidSpecException error = await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(_problem.Q, new() { Length = 5001 }));
        Assert.Equal((nameof(AttendOptions.Length), "5001 is more than the 5000 committed positions"), (error.Property, error.Problem));
    }

    [Fact]
    public async Task ATruncationDuringACallOfManyTilesGivesTheRightAnswerOrNone()
    {
        // 128 rows per tile, more tiles than are under way at a time.
        AttentionProblem problem = new() { Seed = 302, Length = 3000, Rows = 3000, GroupSize = 32, HeadDim = 64, HeadDimV = 4 };
        string expected = problem.KernelDigest();
        for (int round = 0; round < 3; round++)
        {
            IAttentionSequence sequence = await Client.FillAsync(problem);
            Task? change = null;
            OnReport cut = new(_ => change ??= Task.Run(async () =>
            {
                await sequence.TruncateAsync(1500);
                await sequence.AppendAsync(new float[1500 * 64], new float[1500 * 4]);
            }));
            try
            {
                AttentionResult result = await sequence.AttendAsync(problem.Q, new() { Progress = cut });
                Assert.Equal(expected, result.Digest());
                Assert.Equal(new SequenceSnapshot(0, 3000), result.Summary.Snapshot);
            }
            catch (SnapshotLostException lost)
            {
                Assert.Equal((sequence.Id, new SequenceSnapshot(0, 3000)), (lost.Id, lost.Snapshot));
            }

            await change!;
            Assert.Equal(new SequenceSnapshot(1, 3000), (await sequence.GetInfoAsync()).Snapshot);
        }
    }

    [Fact]
    public async Task APlanNamesEveryVisit()
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        AttentionPlan plan = await sequence.ExplainAsync(10, new() { Mask = AttentionMask.Causal });
        Assert.Equal((sequence.Id, new SequenceSnapshot(0, 5000), "causal"), (plan.Sequence, plan.Snapshot, plan.Mask));
        Assert.Equal(new PositionRange(4990, 5000), plan.Queries);
        Assert.Equal(Enumerable.Range(0, 5), plan.Visits.Select(static v => v.Shard));
        Assert.Equal(PairCount.Exactly(Enumerable.Range(4991, 10).Sum()), plan.UnmaskedPairs);
        Assert.All(plan.Visits, static v => Assert.NotEmpty(v.Owner));
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new() { Mask = AttentionMask.Causal });
        Assert.Equal((plan.BlocksVisited, plan.BlocksSkipped), (result.Summary.BlocksComputed, result.Summary.BlocksSkipped));
    }

    private async Task<List<string>> NamesAsync(string prefix)
    {
        List<string> names = [];
        await foreach (SequenceInfo info in Client.ListSequencesAsync(prefix))
        {
            names.Add(info.Id.Value);
        }

        return names;
    }

    private async Task<(int Stored, int Supported)> VersionsAsync(string name)
    {
        ArithmeticVersionException error = await Assert.ThrowsAsync<ArithmeticVersionException>(
            () => Client.CreateSequenceAsync(name, _problem.Spec() with { ArithmeticVersion = 99 }));
        return (error.Stored, error.Supported);
    }
}
