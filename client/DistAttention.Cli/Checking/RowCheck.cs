using System.Numerics;

namespace DistAttention.Cli.Checking;

/// <summary>How far answers are from float64, and how far a plain float32 program is on the same input.</summary>
/// <param name="Output">Largest |o − float64|.</param>
/// <param name="Lse">Largest |lse − float64|.</param>
/// <param name="PlainOutput">The same of the plain program.</param>
/// <param name="PlainLse">The same of the plain program.</param>
internal readonly record struct RowErrors(double Output, double Lse, double PlainOutput, double PlainLse)
{
    /// <summary>The larger of both, each by itself; NaN stays.</summary>
    public static RowErrors Largest(RowErrors a, RowErrors b) => new(
        Math.Max(a.Output, b.Output), Math.Max(a.Lse, b.Lse), Math.Max(a.PlainOutput, b.PlainOutput), Math.Max(a.PlainLse, b.PlainLse));
}

/// <summary>One row and head of an attend call, computed again as the textbook has it: in float64, and by a plain float32 program.</summary>
internal sealed class RowCheck
{
    private readonly SequenceSpec _spec;
    private readonly AttendOptions _options;
    private readonly int _headQ;
    private readonly long _qPos;
    private readonly Way<double> _exact;
    private readonly Way<float> _plain;

    /// <summary>Begins a row.</summary>
    /// <param name="spec">The sequence.</param>
    /// <param name="options">How the row attends.</param>
    /// <param name="q">[HeadDim].</param>
    /// <param name="headQ">The query head.</param>
    /// <param name="qPos">Where the row stands.</param>
    public RowCheck(SequenceSpec spec, AttendOptions options, ReadOnlySpan<float> q, int headQ, long qPos)
    {
        (_spec, _options, _headQ, _qPos) = (spec, options, headQ, qPos);
        _exact = new Way<double>(spec, options.Score, q, headQ, qPos);
        _plain = new Way<float>(spec, options.Score, q, headQ, qPos);
    }

    /// <summary>Takes one position in.</summary>
    /// <param name="k">[HeadDim], as appended.</param>
    /// <param name="v">[HeadDimV], as appended; empty where it is a part of the key.</param>
    /// <param name="kvPos">The position.</param>
    public void Add(ReadOnlySpan<float> k, ReadOnlySpan<float> v, long kvPos)
    {
        if (_options.Mask.IsVisible(_qPos, kvPos))
        {
            _exact.Add(_spec, k, v, _headQ, _qPos, kvPos);
            _plain.Add(_spec, k, v, _headQ, _qPos, kvPos);
        }
    }

    /// <summary>The errors, once every position is in.</summary>
    /// <param name="output">[HeadDimV], the answer.</param>
    /// <param name="lse">The answer.</param>
    public RowErrors Errors(ReadOnlySpan<float> output, float lse)
    {
        double[] exact = _exact.Row.Output;
        float[] plain = _plain.Row.Output;
        RowErrors errors = new(0, Distance(lse, _exact.Row.Lse), 0, Distance(_plain.Row.Lse, _exact.Row.Lse));
        for (int c = 0; c < exact.Length; c++)
        {
            errors = RowErrors.Largest(errors, new RowErrors(Distance(output[c], exact[c]), 0, Distance(plain[c], exact[c]), 0));
        }

        return errors;
    }

    private static double Distance(double a, double b) => a.Equals(b) ? 0 : Math.Abs(a - b);

    private sealed class Way<T>
        where T : struct, IFloatingPointIeee754<T>
    {
        private readonly TextbookScore<T> _score;
        private readonly T[] _query;

        public Way(SequenceSpec spec, ScoreFunction score, ReadOnlySpan<float> q, int headQ, long qPos)
        {
            _score = new TextbookScore<T>(spec, score);
            _query = _score.Query(q, headQ, qPos);
            Row = new TextbookRow<T>(spec.HeadDimV);
            if (_score.Sink(headQ) is { } sink)
            {
                Row.Add(sink, []);
            }
        }

        public TextbookRow<T> Row { get; }

        public void Add(SequenceSpec spec, ReadOnlySpan<float> k, ReadOnlySpan<float> v, int headQ, long qPos, long kvPos)
        {
            T[] key = Stored(spec.KvType, _score.Key(k, headQ / spec.GroupSize, kvPos));
            T[] value = spec.ValueFromKeyPrefix ? key[..spec.HeadDimV] : Stored(spec.KvType, Array.ConvertAll(v.ToArray(), T.CreateTruncating));
            Row.Add(_score.Of(_query, key, headQ, qPos, kvPos), value);
        }

        private static T[] Stored(KvDataType type, T[] row)
        {
            if (type == KvDataType.Float32)
            {
                return row;
            }

            float[] rounded = Array.ConvertAll(row, float.CreateTruncating);
            StoredRounding.Round(type, rounded);
            return Array.ConvertAll(rounded, T.CreateTruncating);
        }
    }
}
