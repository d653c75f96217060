namespace DistAttention.Contracts;

/// <summary>How the rows of a call attend: what goes with every tile of it.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.AttendTerms")]
public sealed record AttendTerms
{
    /// <summary>Which positions each row sees.</summary>
    [Id(0)]
    public required Packed<AttentionMask> Mask { get; init; }

    /// <summary>How scores are made.</summary>
    [Id(1)]
    public required Packed<ScoreFunction> Score { get; init; }

    /// <summary>Position of the call's first row; null: the last row stands at the last position.</summary>
    [Id(2)]
    public required long? FirstQueryPosition { get; init; }

    /// <summary>Answer as of this committed length; null: the latest.</summary>
    [Id(3)]
    public required long? Length { get; init; }

    /// <summary>Bytes of mask and score.</summary>
    public long Bytes => (long)Mask.Bytes.Length + Score.Bytes.Length;

    /// <summary>The terms of a call's options.</summary>
    /// <param name="options">The options.</param>
    public static AttendTerms Of(AttendOptions options) => new()
    {
        Mask = Packed.Of(options.Mask),
        Score = Packed.Of(options.Score),
        FirstQueryPosition = options.FirstQueryPosition,
        Length = options.Length,
    };

    /// <summary>The options that they stand for.</summary>
    public AttendOptions ToOptions() => new()
    {
        Mask = Mask.Value,
        Score = Score.Value,
        FirstQueryPosition = FirstQueryPosition,
        Length = Length,
    };
}
