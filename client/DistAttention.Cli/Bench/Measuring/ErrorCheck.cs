using DistAttention.Cli.Checking;

namespace DistAttention.Cli.Bench.Measuring;

/// <summary>
/// Largest errors of some sampled rows against the textbook formula in float64 over K and V as they are stored: made again
/// from their seeds, and rounded here. Shares nothing with the kernels.
/// </summary>
internal static class ErrorCheck
{
    private const int SampledRows = 8;
    private const int SampledHeads = 4;

    /// <summary>Checks the last call, which attended with all rows.</summary>
    public static (double Output, double Lse) Run(LoadedSequence sequence, CancellationToken cancellationToken)
    {
        AttendShape shape = sequence.Shape;
        (int Row, int Head)[] sample =
        [
            .. from row in Spread(shape.Rows, SampledRows)
               from head in Spread(shape.NumHeadsQ, SampledHeads)
               select (row, head),
        ];
        double[] outputErrors = new double[sample.Length];
        double[] lseErrors = new double[sample.Length];
        Parallel.For(0, sample.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
            (outputErrors[i], lseErrors[i]) = Check(sequence, sample[i].Row, sample[i].Head));
        return (outputErrors.Max(), lseErrors.Max());
    }

    private static (double Output, double Lse) Check(LoadedSequence sequence, int row, int head)
    {
        AttendShape shape = sequence.Shape;
        int slot = (row * shape.NumHeadsQ) + head;
        int headKv = head / (shape.NumHeadsQ / shape.NumHeadsKv);
        int visible = shape.IsCausal ? shape.Positions - shape.Rows + row + 1 : shape.Positions;
        ReadOnlySpan<float> q = sequence.Q.AsSpan(slot * shape.HeadDim, shape.HeadDim);
        double[] scores = new double[visible];
        float[] k = new float[shape.HeadDim];
        for (int position = 0; position < visible; position++)
        {
            StoredRow(shape, LoadedSequence.KeySeed, position, headKv, k);
            for (int d = 0; d < k.Length; d++)
            {
                scores[position] += (double)q[d] * k[d];
            }

            scores[position] /= Math.Sqrt(shape.HeadDim);
        }

        double max = scores.Max();
        double sum = 0;
        double[] output = new double[shape.HeadDimV];
        float[] v = new float[shape.HeadDimV];
        for (int position = 0; position < visible; position++)
        {
            StoredRow(shape, LoadedSequence.ValueSeed, position, headKv, v);
            double p = Math.Exp(scores[position] - max);
            sum += p;
            for (int c = 0; c < v.Length; c++)
            {
                output[c] += p * v[c];
            }
        }

        double error = 0;
        for (int c = 0; c < output.Length; c++)
        {
            error = Math.Max(error, Math.Abs(sequence.Output[(slot * shape.HeadDimV) + c] - (output[c] / sum))); // Math.Max keeps a NaN
        }

        return (error, Math.Abs(sequence.Lse[slot] - (max + Math.Log(sum))));
    }

    /// <summary>One row of K or V as the storage type keeps it.</summary>
    private static void StoredRow(AttendShape shape, ulong seed, int position, int headKv, float[] row)
    {
        NormalData.Fill(seed, (((long)position * shape.NumHeadsKv) + headKv) * row.Length, row);
        StoredRounding.Round(shape.KvType, row);
    }

    /// <summary>A few numbers below a count, the last one among them.</summary>
    private static IEnumerable<int> Spread(int count, int samples)
    {
        int step = Math.Max(1, count / samples);
        for (int i = count - 1; i >= 0; i -= step)
        {
            yield return i;
        }
    }
}
