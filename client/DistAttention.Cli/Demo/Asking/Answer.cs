namespace DistAttention.Cli.Demo.Asking;

/// <summary>What attention finds for one question.</summary>
internal sealed record Answer
{
    public required Question Question { get; init; }

    /// <summary>Where its attention goes.</summary>
    public required MassProfile Mass { get; init; }

    /// <summary>The passages that get most, heaviest first.</summary>
    public required IReadOnlyList<Passage> Passages { get; init; }
}
