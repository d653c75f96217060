using DistAttention.Cli.Checking;

namespace DistAttention.Testing;

/// <summary>
/// Attention in double precision, token by token, exactly as the definition reads: what every kernel is compared with.
/// Slow and plain on purpose.
/// </summary>
public sealed class ReferenceAttention
{
    private readonly float[] _q;
    private readonly float[] _k;
    private readonly float[] _v;

    /// <summary>Describes a problem.</summary>
    /// <param name="q">[rows, NumHeadsQ, HeadDim].</param>
    /// <param name="k">[positions, NumHeadsKv, HeadDim].</param>
    /// <param name="v">[positions, NumHeadsKv, HeadDimV].</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="numHeadsKv">K/V heads.</param>
    /// <param name="headDim">Components of q and k.</param>
    /// <param name="headDimV">Components of v.</param>
    public ReferenceAttention(float[] q, float[] k, float[] v, int numHeadsQ, int numHeadsKv, int headDim, int headDimV)
    {
        _q = q;
        _k = k;
        _v = v;
        NumHeadsQ = numHeadsQ;
        NumHeadsKv = numHeadsKv;
        HeadDim = headDim;
        HeadDimV = headDimV;
        Spec = new() { NumHeadsQ = numHeadsQ, NumHeadsKv = numHeadsKv, HeadDim = headDim, HeadDimV = headDimV };
    }

    /// <summary>Describes a problem of any score, over keys as they are stored.</summary>
    /// <param name="q">[rows, NumHeadsQ, HeadDim], as callers give them.</param>
    /// <param name="k">[positions, NumHeadsKv, StoredHeadDim], projected and turned.</param>
    /// <param name="v">[positions, NumHeadsKv, HeadDimV].</param>
    /// <param name="spec">The sequence.</param>
    /// <param name="score">The score.</param>
    public ReferenceAttention(float[] q, float[] k, float[] v, SequenceSpec spec, ScoreFunction score)
        : this(q, k, v, spec.NumHeadsQ, spec.NumHeadsKv, spec.HeadDim, spec.HeadDimV)
    {
        Spec = spec;
        Score = score;
    }

    /// <summary>The sequence.</summary>
    public SequenceSpec Spec { get; }

    /// <summary>How scores are made.</summary>
    public ScoreFunction Score { get; init; } = ScoreFunction.ScaledDot;

    /// <summary>Query heads.</summary>
    public int NumHeadsQ { get; }

    /// <summary>K/V heads.</summary>
    public int NumHeadsKv { get; }

    /// <summary>Components of q and k.</summary>
    public int HeadDim { get; }

    /// <summary>Components of v.</summary>
    public int HeadDimV { get; }

    /// <summary>Which positions each row sees.</summary>
    public AttentionMask Mask { get; init; } = AttentionMask.Full;

    /// <summary>Position of row 0; null: the last row stands at the last position.</summary>
    public long? FirstQueryPosition { get; init; }

    /// <summary>Query rows.</summary>
    public int Rows => _q.Length / (NumHeadsQ * HeadDim);

    /// <summary>Positions.</summary>
    public int Positions => _k.Length / (NumHeadsKv * Spec.StoredHeadDim);

    /// <summary>Where row 0 stands.</summary>
    public long EffectiveFirstQueryPosition => FirstQueryPosition ?? Positions - Rows;

    /// <summary>The answer for every row.</summary>
    /// <returns>o [rows, NumHeadsQ, HeadDimV] and lse [rows, NumHeadsQ].</returns>
    public (double[] Output, double[] Lse) Compute()
    {
        int heads = NumHeadsQ;
        double[] output = new double[Rows * heads * HeadDimV];
        double[] lse = new double[Rows * heads];
        Parallel.For(0, Rows, row =>
        {
            for (int head = 0; head < heads; head++)
            {
                int i = (row * heads) + head;
                lse[i] = Row(row, head, output.AsSpan(i * HeadDimV, HeadDimV));
            }
        });
        return (output, lse);
    }

    /// <summary>The answer of one row and head: writes o, returns lse.</summary>
    /// <param name="row">The row.</param>
    /// <param name="head">The query head.</param>
    /// <param name="output">[HeadDimV].</param>
    public double Row(int row, int head, Span<double> output)
    {
        output.Clear();
        double[] weights = Weights(row, head, out double lse);
        int headKv = head / (NumHeadsQ / NumHeadsKv);
        for (int kvPos = 0; kvPos < weights.Length; kvPos++)
        {
            if (weights[kvPos] == 0)
            {
                continue;
            }

            ReadOnlySpan<float> value = _v.AsSpan(((kvPos * NumHeadsKv) + headKv) * HeadDimV, HeadDimV);
            for (int c = 0; c < HeadDimV; c++)
            {
                output[c] += weights[kvPos] * value[c];
            }
        }

        return lse;
    }

    /// <summary>The weights of one row and head over all positions: p = exp(score − lse), 0 where nothing is seen.</summary>
    /// <param name="row">The row.</param>
    /// <param name="head">The query head.</param>
    /// <param name="lse">Log of the sum of exp(score); −∞ for a row that sees nothing.</param>
    public double[] Weights(int row, int head, out double lse)
    {
        int headKv = head / (NumHeadsQ / NumHeadsKv);
        int keyDim = Spec.StoredHeadDim;
        TextbookScore<double> textbook = new(Spec, Score);
        double[] query = textbook.Query(_q.AsSpan(((row * NumHeadsQ) + head) * HeadDim, HeadDim), head, EffectiveFirstQueryPosition + row);
        double[] key = new double[keyDim];
        double[] scores = new double[Positions];
        double max = double.NegativeInfinity;
        for (int kvPos = 0; kvPos < scores.Length; kvPos++)
        {
            scores[kvPos] = double.NegativeInfinity;
            if (!Mask.IsVisible(EffectiveFirstQueryPosition + row, kvPos))
            {
                continue;
            }

            for (int d = 0; d < keyDim; d++)
            {
                key[d] = _k[(((kvPos * NumHeadsKv) + headKv) * keyDim) + d];
            }

            scores[kvPos] = textbook.Of(query, key, head, EffectiveFirstQueryPosition + row, kvPos);
            max = Math.Max(max, scores[kvPos]);
        }

        double sink = textbook.Sink(head) ?? double.NegativeInfinity;
        max = Math.Max(max, sink);
        double sum = 0;
        if (max > double.NegativeInfinity)
        {
            sum = Math.Exp(sink - max);
            for (int kvPos = 0; kvPos < scores.Length; kvPos++)
            {
                scores[kvPos] = Math.Exp(scores[kvPos] - max);
                sum += scores[kvPos];
            }
        }

        for (int kvPos = 0; kvPos < scores.Length; kvPos++)
        {
            scores[kvPos] = sum == 0 ? 0 : scores[kvPos] / sum;
        }

        lse = max + Math.Log(sum);
        return scores;
    }
}
