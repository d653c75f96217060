namespace DistAttention;

/// <summary>The text form of masks: one name, with spaces around it allowed.</summary>
internal static class MaskGrammar
{
    private static readonly Dictionary<string, AttentionMask> _primitives = new(StringComparer.Ordinal)
    {
        ["full"] = AttentionMask.Full,
        ["causal"] = AttentionMask.Causal,
    };

    public static AttentionMask Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int start = SkipSpaces(text, 0);
        int end = start;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '-'))
        {
            end++;
        }

        string name = text[start..end];
        if (!_primitives.TryGetValue(name, out AttentionMask? mask))
        {
            string found = start == text.Length ? "nothing" : name.Length > 0 ? $"'{name}'" : $"'{text[start]}'";
            throw new MaskSyntaxException(text, start, $"expected {string.Join(" or ", _primitives.Keys)}, found {found}");
        }

        int rest = SkipSpaces(text, end);
        return rest == text.Length
            ? mask
            : throw new MaskSyntaxException(text, rest, $"unexpected '{text[rest]}' after '{name}'");
    }

    private static int SkipSpaces(string text, int index)
    {
        while (index < text.Length && char.IsWhiteSpace(text[index]))
        {
            index++;
        }

        return index;
    }
}
