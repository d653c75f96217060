namespace DistAttention.Cli.Demo.Checking;

/// <summary>
/// Attention of one query row of one head as the textbook has it, in float64 and one position after the other; shares
/// nothing with the kernels it checks. Keeps a running maximum so that the rows may come in slices (Milakov and
/// Gimelshein, Online normalizer calculation for softmax, 2018).
/// </summary>
internal sealed class RowReference(float[] q, double scale)
{
    private readonly double[] _weighted = new double[q.Length]; // Σ exp(score − max) · v
    private double _max = double.NegativeInfinity;
    private double _sum; // Σ exp(score − max)

    /// <summary>Natural logarithm of the sum of exp(score).</summary>
    public double Lse => _max + Math.Log(_sum);

    /// <summary>o, [headDim].</summary>
    public double[] Output => [.. _weighted.Select(x => x / _sum)];

    /// <summary>Takes one position in.</summary>
    /// <param name="k">[headDim].</param>
    /// <param name="v">[headDim].</param>
    public void Add(ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        double score = 0;
        for (int i = 0; i < q.Length; i++)
        {
            score += (double)q[i] * k[i];
        }

        score *= scale;
        if (score > _max)
        {
            double shrink = Math.Exp(_max - score); // 0 at first, when the maximum is −∞
            _max = score;
            _sum *= shrink;
            for (int i = 0; i < _weighted.Length; i++)
            {
                _weighted[i] *= shrink;
            }
        }

        double p = Math.Exp(score - _max);
        _sum += p;
        for (int i = 0; i < _weighted.Length; i++)
        {
            _weighted[i] += p * v[i];
        }
    }
}
