namespace DistAttention.Cli.Demo.Asking;

/// <summary>Neighbouring lines that attention goes to.</summary>
internal sealed record Passage
{
    /// <summary>Index of the document.</summary>
    public required int Document { get; init; }

    /// <summary>First line, from 1.</summary>
    public required int FirstLine { get; init; }

    /// <summary>Last line, included.</summary>
    public required int LastLine { get; init; }

    /// <summary>First token.</summary>
    public required int FirstToken { get; init; }

    /// <summary>End of the tokens, not included.</summary>
    public required int EndToken { get; init; }

    /// <summary>Share of the question's attention, 0 to 1.</summary>
    public required double Share { get; init; }

    /// <summary>Other passages of nearly the same words, heaviest first.</summary>
    public IReadOnlyList<Passage> Likes { get; init; } = [];

    /// <summary>Share of the passage and of those like it.</summary>
    public double ShareWithLikes => Share + Likes.Sum(static p => p.Share);
}
