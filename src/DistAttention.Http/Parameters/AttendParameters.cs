using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;

namespace DistAttention.Http.Parameters;

/// <summary>How to attend, as a request says it.</summary>
internal static class AttendParameters
{
    /// <summary>No position is farther from 0 than this, so that sums of positions never overflow.</summary>
    private const long FarthestPosition = 1L << 60;

    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);

    /// <summary>Where q's first row stands; null: where the sequence's end says.</summary>
    public static long? FirstQueryPosition(ParameterValues values) =>
        values.WholeNumber(ApiParameters.FirstQueryPosition, -FarthestPosition, FarthestPosition);

    /// <summary>The length to answer as of; null: the latest.</summary>
    public static long? Length(ParameterValues values) => values.WholeNumber(ApiParameters.Length, 0, FarthestPosition);

    /// <summary>The options of a call.</summary>
    /// <param name="values">The request's parameters.</param>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="named">Tensors that mask and score may name.</param>
    public static AttendOptions Options(ParameterValues values, SequenceSpec spec, NamedTensors named)
    {
        ScoreRequest score = new()
        {
            Score = values.Parsed(ApiParameters.Score, ScoreRequest.ParseScore),
            Scale = Single(values, ApiParameters.Scale),
            SoftCap = Single(values, ApiParameters.SoftCap),
            Alibi = values.Parsed(ApiParameters.Alibi, ScoreRequest.ParseAlibi),
            RelativeBias = values.Parsed(ApiParameters.RelativeBias, BiasText.Parse),
            Sinks = values.Parsed(ApiParameters.Sinks, NumbersText.Parse),
        };
        AttendOptions options = new()
        {
            Mask = values.Text(ApiParameters.Mask) is { } mask ? AttentionMask.Parse(mask, named) : AttentionMask.Full,
            Score = score.Load(spec.NumHeadsQ, named),
            FirstQueryPosition = FirstQueryPosition(values),
            Length = Length(values),
        };
        options = Timeout(values) is { } timeout ? options with { Timeout = timeout } : options;
        options.ValidateFor(spec);
        return options;
    }

    private static TimeSpan? Timeout(ParameterValues values) => values.Number(ApiParameters.Timeout) switch
    {
        null => null,
        { } seconds when seconds > 0 && seconds <= _longest.TotalSeconds => TimeSpan.FromSeconds(seconds),
        { } seconds => throw HttpProblemException.Parameter(ApiParameters.Timeout.Name, $"{seconds} is not between 0 and {_longest.TotalSeconds} seconds"),
    };

    private static float? Single(ParameterValues values, ApiParameter parameter) => (float?)values.Number(parameter);
}
