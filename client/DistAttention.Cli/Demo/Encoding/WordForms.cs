using System.Text;

namespace DistAttention.Cli.Demo.Encoding;

/// <summary>How the spellings of one word are brought together.</summary>
internal static class WordForms
{
    private const int MinStemLength = 3;

    /// <summary>Longest first, so that each word loses its longest ending.</summary>
    private static readonly string[] _suffixes =
        ["ations", "ation", "ities", "ingly", "ions", "ings", "edly", "ies", "ity", "ing", "ion", "ers", "est", "ed", "es", "er", "ly", "al", "s", "e", "y"];

    /// <summary>The word in lower case, with a plain apostrophe.</summary>
    public static string Fold(ReadOnlySpan<char> word)
    {
        StringBuilder folded = new(word.Length);
        Span<char> units = stackalloc char[2];
        foreach (Rune rune in word.EnumerateRunes())
        {
            int length = (rune.Value == '\u2019' ? new Rune('\'') : Rune.ToLowerInvariant(rune)).EncodeToUtf16(units);
            folded.Append(units[..length]);
        }

        return folded.ToString();
    }

    /// <summary>
    /// What inflections and the two English spellings of a word have in common: licence, licensed and licensing give
    /// "licens". Rough on purpose; other languages and names lose at most an ending.
    /// </summary>
    /// <param name="folded">A folded word.</param>
    public static string Stem(string folded)
    {
        ReadOnlySpan<char> word = folded.EndsWith("'s", StringComparison.Ordinal) ? folded.AsSpan(0, folded.Length - 2) : folded;
        if (!char.IsAsciiLetterLower(word.Length > 0 ? word[^1] : ' '))
        {
            return word.ToString();
        }

        foreach (string suffix in _suffixes)
        {
            // "ss" is no plural, and a stem needs a vowel: "string" is not "str" + "ing".
            if (word.EndsWith(suffix, StringComparison.Ordinal)
                && word.Length - suffix.Length >= MinStemLength
                && word[..^suffix.Length].IndexOfAny("aeiouy") >= 0
                && !(suffix == "s" && word[^2] is 's' or 'u' or 'i'))
            {
                word = word[..^suffix.Length];
                break;
            }
        }

        return OneSpelling(word);
    }

    /// <summary>The parts of an identifier: <c>SO_KEEPALIVE</c>, <c>getTypeInfo</c>. Empty for a plain word.</summary>
    /// <param name="word">The word as written.</param>
    public static List<string> Parts(string word)
    {
        List<string> parts = [];
        int start = 0;
        for (int i = 1; i <= word.Length; i++)
        {
            bool cut = i == word.Length
                || word[i] == '_' || word[i - 1] == '_'
                || (char.IsUpper(word[i]) && char.IsLower(word[i - 1]))
                || (char.IsDigit(word[i]) != char.IsDigit(word[i - 1]));
            if (cut)
            {
                if (word[start] != '_')
                {
                    parts.Add(Fold(word.AsSpan(start, i - start)));
                }

                start = i;
            }
        }

        return parts.Count > 1 ? parts : [];
    }

    private static string OneSpelling(ReadOnlySpan<char> stem)
    {
        if (stem.Length > MinStemLength)
        {
            if (stem.EndsWith("nc", StringComparison.Ordinal))
            {
                return string.Concat(stem[..^1], "s"); // licence, defence
            }

            if (stem.EndsWith("is", StringComparison.Ordinal))
            {
                return string.Concat(stem[..^1], "z"); // organise
            }

            if (stem.EndsWith("our", StringComparison.Ordinal))
            {
                return string.Concat(stem[..^2], "r"); // colour
            }

            if (stem[^1] == stem[^2] && stem[^1] is not ('s' or 'l'))
            {
                return stem[..^1].ToString(); // stopped
            }
        }

        return stem.ToString();
    }
}
