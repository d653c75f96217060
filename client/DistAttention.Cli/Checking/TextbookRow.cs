using System.Numerics;

namespace DistAttention.Cli.Checking;

/// <summary>
/// The softmax of one row and head over keys that come one after the other, with a running maximum so that they may come in
/// slices (Milakov and Gimelshein, Online normalizer calculation for softmax, 2018).
/// </summary>
/// <typeparam name="T">double or float.</typeparam>
/// <param name="headDimV">Components of a value.</param>
internal sealed class TextbookRow<T>(int headDimV)
    where T : struct, IFloatingPointIeee754<T>
{
    private readonly T[] _weighted = new T[headDimV]; // Σ exp(score − max) · v
    private T _max = T.NegativeInfinity;
    private T _sum; // Σ exp(score − max)

    /// <summary>Natural logarithm of the sum of exp(score); −∞ for nothing.</summary>
    public T Lse => _max + T.Log(_sum);

    /// <summary>o; zeros for nothing.</summary>
    public T[] Output => Array.ConvertAll(_weighted, x => _sum == T.Zero ? T.Zero : x / _sum);

    /// <summary>Takes one position in; a sink has no value.</summary>
    public void Add(T score, ReadOnlySpan<T> value)
    {
        if (score > _max)
        {
            T shrink = T.Exp(_max - score); // 0 at first, when the maximum is −∞
            _max = score;
            _sum *= shrink;
            for (int c = 0; c < _weighted.Length; c++)
            {
                _weighted[c] *= shrink;
            }
        }

        T weight = T.Exp(score - _max);
        _sum += weight;
        for (int c = 0; c < value.Length; c++)
        {
            _weighted[c] += weight * value[c];
        }
    }
}
