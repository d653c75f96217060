using System.Diagnostics;
using DistAttention.Engine.Tests.Embedded;
using Xunit.Abstractions;

namespace DistAttention.Engine.Tests.Soak;

/// <summary>1,000,000 positions × 1 head × 64 and 64 queries in one process within 3 GiB, and exact.</summary>
[CollectionDefinition(nameof(MillionPositionsTests), DisableParallelization = true)]
[Collection(nameof(MillionPositionsTests))]
public sealed class MillionPositionsTests(ITestOutputHelper log)
{
    private const int Positions = 1_000_000;
    private const int HeadDim = 64;
    private const int Rows = 64;
    private const int CheckedRows = 3;

    [Trait("Category", "Soak")]
    [Fact]
    public async Task FitIntoThreeGiB()
    {
        SeededData data = new(131);
        float[] q = data.Normal(Rows * HeadDim);
        double[] sum = new double[CheckedRows];
        double[] expected = new double[CheckedRows * HeadDim];
        await using EmbeddedAttention client = Runs.Client(Environment.ProcessorCount);
        IAttentionSequence sequence = await client.CreateSequenceAsync("million", new() { HeadDim = HeadDim });
        TimeSpan appending = TimeSpan.Zero;
        for (int at = 0; at < Positions; at += 50_000)
        {
            float[] k = data.Normal(50_000 * HeadDim);
            float[] v = data.Normal(50_000 * HeadDim);
            Stopwatch append = Stopwatch.StartNew();
            await sequence.AppendAsync(k, v);
            appending += append.Elapsed;
            Parallel.For(0, CheckedRows, row => Accumulate(q.AsSpan(row * HeadDim, HeadDim), k, v, ref sum[row], expected.AsSpan(row * HeadDim, HeadDim)));
        }

        await sequence.AttendAsync(q.AsMemory(0, HeadDim));
        Stopwatch watch = Stopwatch.StartNew();
        AttentionResult result = await sequence.AttendAsync(q);
        TimeSpan attending = watch.Elapsed;
        for (int row = 0; row < CheckedRows; row++)
        {
            double[] output = [.. expected.Skip(row * HeadDim).Take(HeadDim).Select(o => o / sum[row])];
            Assert.InRange(Errors.Largest(result.Output.Span.Slice(row * HeadDim, HeadDim), output), 0, 1e-6);
            Assert.Equal(Math.Log(sum[row]), result.Lse.Span[row], 2.5e-6);
        }

        using Process process = Process.GetCurrentProcess();
        log.WriteLine($"peak working set {process.PeakWorkingSet64 / 1048576.0:F0} MiB, K/V {client.ResidentBytes / 1048576.0:F0} MiB, appended in {appending.TotalSeconds:F2} s, {Rows} queries answered in {attending.TotalSeconds:F3} s");
        Assert.InRange(process.PeakWorkingSet64, client.ResidentBytes, 3L << 30);
    }

    /// <summary>Scores of unit-normal data are far from overflowing a double, so no maximum is needed.</summary>
    private static void Accumulate(ReadOnlySpan<float> query, float[] k, float[] v, ref double sum, Span<double> output)
    {
        for (int at = 0; at < k.Length; at += HeadDim)
        {
            double dot = 0;
            for (int d = 0; d < HeadDim; d++)
            {
                dot += (double)query[d] * k[at + d];
            }

            double weight = Math.Exp(dot / 8);
            sum += weight;
            for (int d = 0; d < HeadDim; d++)
            {
                output[d] += weight * v[at + d];
            }
        }
    }
}
