namespace DistAttention.Cli.Demo.Tokens;

/// <summary>UTF-16 characters [<paramref name="Start"/>, <paramref name="End"/>) of a document.</summary>
internal readonly record struct TextSpan(int Start, int End)
{
    public int Length => End - Start;
}
