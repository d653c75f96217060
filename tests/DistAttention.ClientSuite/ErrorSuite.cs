namespace DistAttention.ClientSuite;

/// <summary>What is wrong is refused by type and name, and changes nothing.</summary>
public abstract class ErrorSuite
{
    private static readonly AttentionProblem _problem = new() { Seed = 401, Length = 3000, Rows = 10, GroupSize = 2, HeadDim = 8, HeadDimV = 4 };

    /// <summary>The client; the same for all tests of a class.</summary>
    protected abstract IAttentionClient Client { get; }

    [Fact]
    public async Task Shapes()
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        Assert.Equal("q", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(new float[17]))).Tensor);
        Assert.Equal("k", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AppendAsync(new float[9], new float[4]))).Tensor);
        Assert.Equal("v", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AppendAsync(new float[8], new float[8]))).Tensor);
        Assert.Equal("destination", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(_problem.Q, new float[7], default))).Tensor);
        Assert.Equal("lse", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(_problem.Q, new float[80], new float[3]))).Tensor);
        float[] q = [.. _problem.Q];
        Assert.Equal("destination", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(q, q.AsMemory(0, 80), default))).Tensor);
        Assert.Equal(3000, (await sequence.GetInfoAsync()).Length);
    }

    [Fact]
    public async Task Options()
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        Assert.Equal(nameof(AttendOptions.Timeout), (await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(_problem.Q, new() { Timeout = TimeSpan.Zero }))).Property);
        Assert.Equal(nameof(AttendOptions.Length), (await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(_problem.Q, new() { Length = -1 }))).Property);
        Assert.Equal(nameof(AttentionMassOptions.TopK), (await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttentionMassAsync(_problem.Q, new()))).Property);
    }

    [Theory]
    [InlineData(0, 201)]
    [InlineData(200, 201)]
    [InlineData(8999, 9000)]
    public async Task ValuesThatCannotBeStored(int token, int rows)
    {
        AttentionProblem problem = new() { Seed = 402, KvType = KvDataType.Float16, Length = 9000, NumHeadsKv = 3, HeadDim = 4, HeadDimV = 2 };
        IAttentionSequence sequence = await Client.FillAsync(problem with { Length = 10 });
        float[] k = problem.KRows(0, rows).ToArray();
        k[(((token * 3) + 2) * 4) + 1] = 65_520;
        InvalidTensorException error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAsync(k, problem.VRows(0, rows)));
        Assert.Equal(("k", token, 2), (error.Tensor, error.Token, error.Head));
        float[] v = problem.VRows(0, rows).ToArray();
        v[((token * 3) + 1) * 2] = float.NaN;
        error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAsync(problem.KRows(0, rows), v));
        Assert.Equal(("v", token, 1), (error.Tensor, error.Token, error.Head));
        float[] q = new float[rows * 12];
        q[(((token * 3) + 2) * 4) + 3] = float.NegativeInfinity;
        error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AttendAsync(q));
        Assert.Equal(("q", token, 2), (error.Tensor, error.Token, error.Head));
        await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAndAttendAsync(problem.KRows(0, 1), problem.VRows(0, 1), q));
        Assert.Equal(10, (await sequence.GetInfoAsync()).Length);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    public async Task AScoreThatOverflowsNamesItsRowInTheCall(string mask)
    {
        // 64 rows per tile, so row 250 is not in the first one.
        AttentionProblem problem = new() { Seed = 403, Length = 1400, Rows = 300, GroupSize = 64, HeadDim = 64, HeadDimV = 4, Mask = AttentionMask.Parse(mask) };
        problem.K.AsSpan(1300 * 64, 64).Fill(1e30f);
        problem.Q.AsSpan(((250 * 64) + 9) * 64, 64).Fill(-1e10f);
        IAttentionSequence sequence = await Client.FillAsync(problem);
        NumericOverflowException overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttendAsync(problem.Q, problem.Options()));
        Assert.Equal((250, 9), (overflow.Row, overflow.Head));
        overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttentionMassAsync(problem.Q, new() { Mask = problem.Mask, Bins = 3 }));
        Assert.Equal((250, 9), (overflow.Row, overflow.Head));
    }

    [Fact]
    public async Task AppendsLandWhereTheyAreExpectedOrNowhere()
    {
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), _problem.Spec());
        for (int at = 0; at < 3000; at += 1000)
        {
            await Assert.ThrowsAsync<AppendConflictException>(
                () => sequence.AppendAsync(_problem.KRows(at, 1000), _problem.VRows(at, 1000), new() { ExpectedPosition = at + 1 }));
            AppendResult result = await sequence.AppendAsync(_problem.KRows(at, 1000), _problem.VRows(at, 1000), new() { ExpectedPosition = at });
            Assert.Equal(new AppendResult(at, 1000, new SequenceSnapshot(0, at + 1000)), result);
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(512)]
    public async Task RepeatingAnAppendAppendsNothing(int headDim)
    {
        // Small rows go in one call, large ones slice by slice.
        AttentionProblem problem = _problem with { HeadDim = headDim };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), problem.Spec());
        AppendOptions options = new() { OperationId = OperationId.New() };
        await sequence.AppendAsync(problem.KRows(0, 2000), problem.VRows(0, 2000), options);
        await sequence.AppendAsync(problem.KRows(2000, 500), problem.VRows(2000, 500));
        AppendResult again = await sequence.AppendAsync(problem.KRows(0, 2000), problem.VRows(0, 2000), options);
        Assert.Equal((0, 2000), (again.FirstPosition, again.Count));
        await Assert.ThrowsAsync<AppendConflictException>(() => sequence.AppendAsync(problem.KRows(0, 1), problem.VRows(0, 1), options));
        AppendOptions twice = new() { OperationId = OperationId.New() };
        AppendResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => sequence.AppendAsync(problem.KRows(2500, 500), problem.VRows(2500, 500), twice))));
        Assert.All(results, static r => Assert.Equal((2500, 500), (r.FirstPosition, r.Count)));
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q)).Digest());
    }

    [Fact]
    public async Task CancelledBeforeItStarts()
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        CancellationToken cancelled = new(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sequence.AttendAsync(_problem.Q, cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sequence.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1), cancellationToken: cancelled));
        Assert.Equal(3000, (await sequence.GetInfoAsync()).Length);
    }

    [Fact]
    public async Task NoQueriesAreAnsweredWithNothing()
    {
        IAttentionSequence sequence = await Client.FillAsync(_problem);
        AttentionResult result = await sequence.AttendAsync(ReadOnlyMemory<float>.Empty);
        Assert.Equal((0, 0L, new SequenceSnapshot(0, 3000)), (result.Output.Length, result.Summary.Rows, result.Summary.Snapshot));
        AppendResult appended = await sequence.AppendAsync(default, default);
        Assert.Equal(new AppendResult(3000, 0, new SequenceSnapshot(0, 3000)), appended);
    }

    [Fact]
    public async Task ProgressOnlyGrowsAndEndsAtTheTotal()
    {
        // 32 rows per tile.
        AttentionProblem problem = new() { Seed = 404, Length = 300, Rows = 300, GroupSize = 512, HeadDimV = 2 };
        IAttentionSequence sequence = await Client.FillAsync(problem);
        List<AttentionProgress> seen = [];
        await sequence.AttendAsync(problem.Q, new() { Progress = new OnReport(seen.Add) });
        Assert.Equal(10, seen.Count);
        Assert.Equal(seen.Select(static s => s.Done).Order(), seen.Select(static s => s.Done));
        Assert.All(seen, static s => Assert.Equal(300, s.Total));
        Assert.Equal(300, seen[^1].Done);
    }
}
