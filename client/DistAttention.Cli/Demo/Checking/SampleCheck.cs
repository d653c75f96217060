using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Checking;

/// <summary>How far the answers are from float64.</summary>
/// <param name="Rows">Rows checked, all heads of each.</param>
/// <param name="OutputError">Largest |o − reference|.</param>
/// <param name="LseError">Largest |lse − reference|.</param>
internal sealed record CheckResult(int Rows, double OutputError, double LseError)
{
    /// <summary>Far above what rounding in float32 can do to values up to 1 and scores up to 40, far below any wrong answer.</summary>
    public const double Tolerance = 1e-4;

    /// <summary>Whether the answers are right. NaN is not.</summary>
    public bool IsRight => OutputError <= Tolerance && LseError <= Tolerance;
}

/// <summary>
/// Compares sampled rows of self-attention with <see cref="RowReference"/>. Keys and values are encoded again, not read
/// back, so what is checked is everything between the encoder and the answer.
/// </summary>
internal static class SampleCheck
{
    public static CheckResult Run(TextEncoder encoder, IReadOnlyList<SampledRow> sample, int threads, ProgressSteps steps, CancellationToken cancellationToken)
    {
        ProgressStep step = steps.Start("check against float64", encoder.Corpus.Length, "tokens");
        int heads = encoder.Heads.Count;
        int headDim = encoder.HeadDim;
        RowReference[] references = new RowReference[sample.Count * heads]; // [row, head]
        for (int i = 0; i < references.Length; i++)
        {
            references[i] = new RowReference(sample[i / heads].Q.AsSpan(i % heads * headDim, headDim).ToArray(), 1 / Math.Sqrt(headDim));
        }

        float[] k = new float[TextEncoder.SliceLength * encoder.RowLength]; // [slice, heads, headDim]
        float[] v = new float[TextEncoder.SliceLength * encoder.RowLength];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        for (int slice = 0; slice < encoder.SliceCount; slice++)
        {
            (int first, int count) = encoder.Slice(slice);
            encoder.KeysAndValues(slice, k, v);
            Parallel.For(0, references.Length, parallel, i =>
            {
                int visible = Math.Min(count, sample[i / heads].Position + 1 - first);
                for (int row = 0; row < visible; row++)
                {
                    int at = (row * encoder.RowLength) + (i % heads * headDim);
                    references[i].Add(k.AsSpan(at, headDim), v.AsSpan(at, headDim));
                }
            });
            step.Report(first + count);
        }

        double outputError = 0;
        double lseError = 0;
        for (int i = 0; i < references.Length; i++)
        {
            SampledRow row = sample[i / heads];
            int head = i % heads;
            double[] expected = references[i].Output;
            for (int d = 0; d < headDim; d++)
            {
                // Math.Max keeps a NaN.
                outputError = Math.Max(outputError, Math.Abs(row.Output[(head * headDim) + d] - expected[d]));
            }

            lseError = Math.Max(lseError, Math.Abs(row.Lse[head] - references[i].Lse));
        }

        return new CheckResult(sample.Count, outputError, lseError);
    }
}
