using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Tokens;

namespace DistAttention.Cli.Demo.Asking;

/// <summary>A line of the text, or a part of a very long one.</summary>
/// <param name="Document">Index of the document.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="FirstToken">Its first token.</param>
/// <param name="EndToken">End of its tokens, not included.</param>
internal readonly record struct TextUnit(int Document, int Line, int FirstToken, int EndToken);

/// <summary>Cuts a text into the units that passages are put together from.</summary>
internal static class TextUnits
{
    private const int MaxTokens = 40;
    private const int MinTokens = 16;

    /// <summary>Units of all lines that hold a token, in order. Long lines are cut at the ends of sentences where they have some.</summary>
    public static List<TextUnit> Cut(Corpus corpus)
    {
        ReadOnlySpan<Token> tokens = corpus.Tokens;
        List<TextUnit> units = [];
        int first = 0;
        for (int i = 1; i <= tokens.Length; i++)
        {
            Token last = tokens[i - 1];
            bool lineEnds = i == tokens.Length || tokens[i].Line != last.Line || tokens[i].Document != last.Document;
            bool sentenceEnds = i - first >= MinTokens && last.Kind == TokenKind.Mark && corpus.TextOf(last) is "." or ";" or "!" or "?" or "。";
            if (lineEnds || sentenceEnds || i - first >= MaxTokens)
            {
                units.Add(new TextUnit(last.Document, last.Line, first, i));
                first = i;
            }
        }

        return units;
    }
}
