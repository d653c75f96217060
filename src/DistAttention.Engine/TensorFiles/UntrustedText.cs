namespace DistAttention.Engine.TensorFiles;

/// <summary>Text out of a file, made fit for a message: short, on one line, and without terminal escapes.</summary>
internal static class UntrustedText
{
    private const int MaxLength = 48;

    public static string Quote(string text)
    {
        ReadOnlySpan<char> shown = text.Length <= MaxLength ? text : text.AsSpan(0, MaxLength);
        string printable = string.Concat(shown.ToString().Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return $"'{printable}{(shown.Length < text.Length ? "…" : "")}'";
    }
}
