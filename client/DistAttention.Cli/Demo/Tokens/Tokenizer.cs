using System.Globalization;
using System.Text;

namespace DistAttention.Cli.Demo.Tokens;

/// <summary>
/// Cuts text into words and marks in one pass. What lies between two tokens is white space or control characters only,
/// so tokens and gaps together are the text.
/// </summary>
/// <remarks>
/// Words follow the Unicode categories of their characters, not an alphabet: letters, marks, digits and connectors stay
/// together; an apostrophe joins letters (<c>don't</c>) and a point or comma joins digits (<c>2.0</c>); scripts written
/// without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) give one token per character with its marks.
/// </remarks>
internal static class Tokenizer
{
    /// <summary>The tokens of a text, in order.</summary>
    /// <param name="text">The text; broken surrogates count as marks.</param>
    /// <param name="document">What <see cref="Token.Document"/> is to say.</param>
    public static List<Token> Tokenize(string text, int document = 0)
    {
        List<Token> tokens = new((text.Length / 5) + 4);
        int line = 1;
        int lineStart = 0;
        int at = 0;
        while (at < text.Length)
        {
            Rune rune = RuneAt(text, at, out int width);
            int start = at;
            at += width;
            if (IsLineBreak(text, start))
            {
                line++;
                lineStart = at;
            }
            else if (!IsGap(rune))
            {
                TokenKind kind = IsWord(rune) ? TokenKind.Word : TokenKind.Mark;
                at = kind == TokenKind.Mark ? EndOfRun(text, at, rune)
                    : IsUnspaced(rune) ? EndOfMarks(text, at)
                    : EndOfWord(text, at, rune);
                tokens.Add(new Token(document, start, at - start, line, start - lineStart + 1, kind));
            }
        }

        return tokens;
    }

    /// <summary>Whether a line ends after this character: LF, CR without LF, NEL, LS or PS.</summary>
    public static bool IsLineBreak(string text, int index) => text[index] switch
    {
        '\n' or '\u0085' or '\u2028' or '\u2029' => true,
        '\r' => index + 1 == text.Length || text[index + 1] != '\n',
        _ => false,
    };

    private static int EndOfWord(string text, int at, Rune last)
    {
        while (at < text.Length)
        {
            Rune next = RuneAt(text, at, out int width);
            if (IsWord(next) && !IsUnspaced(next))
            {
                last = next;
                at += width;
            }
            else if (at + width < text.Length && Joins(last, next, RuneAt(text, at + width, out int width2)))
            {
                last = RuneAt(text, at + width, out _);
                at += width + width2;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static int EndOfRun(string text, int at, Rune mark)
    {
        while (at < text.Length && RuneAt(text, at, out int width) == mark && mark != Rune.ReplacementChar)
        {
            at += width;
        }

        return at;
    }

    private static int EndOfMarks(string text, int at)
    {
        while (at < text.Length && IsCombining(Rune.GetUnicodeCategory(RuneAt(text, at, out int width))))
        {
            at += width;
        }

        return at;
    }

    private static bool Joins(Rune before, Rune joint, Rune after) => joint.Value switch
    {
        '\'' or '\u2019' => Rune.IsLetter(before) && Rune.IsLetter(after) && !IsUnspaced(after),
        '.' or ',' => Rune.IsDigit(before) && Rune.IsDigit(after),
        _ => false,
    };

    private static bool IsGap(Rune rune) =>
        Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format;

    private static bool IsWord(Rune rune)
    {
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        return Rune.IsLetter(rune) || IsCombining(category) || category is UnicodeCategory.DecimalDigitNumber
            or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber or UnicodeCategory.ConnectorPunctuation;
    }

    private static bool IsCombining(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static bool IsUnspaced(Rune rune) => rune.Value is
        (>= 0x0E00 and <= 0x0EFF) // Thai, Lao
        or (>= 0x1000 and <= 0x109F) or (>= 0x1780 and <= 0x17FF) // Myanmar, Khmer
        or (>= 0x3005 and <= 0x3007) or (>= 0x3040 and <= 0x30FF) or (>= 0x31F0 and <= 0x31FF) // Kana
        or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) // Han
        or (>= 0x20000 and <= 0x3FFFF);

    private static Rune RuneAt(string text, int index, out int width)
    {
        if (!Rune.TryGetRuneAt(text, index, out Rune rune))
        {
            rune = Rune.ReplacementChar;
        }

        width = rune == Rune.ReplacementChar ? 1 : rune.Utf16SequenceLength;
        return rune;
    }
}
