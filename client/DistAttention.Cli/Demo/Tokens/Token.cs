namespace DistAttention.Cli.Demo.Tokens;

/// <summary>What a token is made of.</summary>
internal enum TokenKind : byte
{
    /// <summary>Letters, digits and what joins them; or one character of a script written without spaces.</summary>
    Word,

    /// <summary>One punctuation mark or symbol, or a run of the same one (a rule such as <c>-----</c>).</summary>
    Mark,
}

/// <summary>Where one token stands.</summary>
/// <param name="Document">Index of its document.</param>
/// <param name="Start">First UTF-16 character in the document.</param>
/// <param name="Length">UTF-16 characters.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">UTF-16 character of the line, from 1.</param>
/// <param name="Kind">What it is made of.</param>
internal readonly record struct Token(int Document, int Start, int Length, int Line, int Column, TokenKind Kind)
{
    /// <summary>End, not included.</summary>
    public int End => Start + Length;
}
