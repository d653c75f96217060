namespace DistAttention.Engine.Tests.Embedded;

/// <summary>Counts what the whole process allocates, so nothing else runs beside it.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task AStepOfDecodingAllocatesLittle(int heads)
    {
        const int Steps = 400;
        const int BoundBytes = 24 * 1024;
        AttentionProblem problem = new() { Seed = 121, NumHeadsKv = heads, GroupSize = 4, HeadDim = 64, HeadDimV = 64, Length = 9000 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem with { Length = 8000 }, 4096);
        float[] output = new float[heads * 4 * 64];
        float[] lse = new float[heads * 4];
        ReadOnlyMemory<float> q = problem.Q;
        for (int i = 0; i < 100; i++)
        {
            await StepAsync(i);
        }

        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 100; i < 100 + Steps; i++)
        {
            await StepAsync(i);
        }

        long perStep = (GC.GetTotalAllocatedBytes(precise: true) - before) / Steps;
        Assert.True(perStep <= BoundBytes, $"{perStep} bytes per step");

        async Task StepAsync(int i)
        {
            await sequence.AppendAsync(problem.KRows(i, 1), problem.VRows(i, 1));
            await sequence.AttendAsync(q, output, lse);
        }
    }

    /// <summary>The smallest of some measurements: what the runtime does meanwhile is not the call's.</summary>
    [Theory]
    [InlineData(1, 1000, 1, "full")]
    [InlineData(1, 70_000, 1, "full")]
    [InlineData(1, 70_000, 1, "causal")]
    [InlineData(8, 9000, 1, "causal")]
    [InlineData(8, 3000, 64, "causal")]
    [InlineData(8, 300, 5000, "full")]
    [InlineData(8, 3000, 9000, "last:300")]
    public async Task ACallAllocatesAtMostTwoKibibytesBesideItsResult(int heads, int length, int rows, string mask)
    {
        const int BoundBytes = 2048;
        int calls = rows > 1000 ? 10 : 50;
        AttentionProblem problem = new() { Seed = 122, NumHeadsKv = heads, HeadDim = 16, HeadDimV = 16, Length = length, Rows = rows };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem, 4096);
        float[] output = new float[rows * heads * 16];
        float[] lse = new float[rows * heads];
        AttendOptions options = new() { Mask = AttentionMask.Parse(mask) };
        long least = long.MaxValue;
        await sequence.AttendAsync(problem.Q, output, lse, options);
        for (int round = 0; round < 60 && least > BoundBytes; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < calls; i++)
            {
                await sequence.AttendAsync(problem.Q, output, lse, options);
            }

            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / calls);
        }

        Assert.True(least <= BoundBytes, $"{least} bytes per call");
    }
}
