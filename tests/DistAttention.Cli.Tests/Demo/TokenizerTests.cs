using System.Globalization;
using System.Text;
using DistAttention.Cli.Demo.Tokens;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>Tokens and the gaps between them are the text; every token knows where it stands.</summary>
public sealed class TokenizerTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("  \t\r\n", "")]
    [InlineData("Don't use it, please.", "Don't|use|it|,|please|.")]
    [InlineData("It’s 2.0, or 1,234.5!", "It’s|2.0|,|or|1,234.5|!")]
    [InlineData("end. 'quoted' x.y 3.", "end|.|'|quoted|'|x|.|y|3|.")]
    [InlineData("-------- ==", "--------|==")]
    [InlineData("snake_case camelCase", "snake_case|camelCase")]
    [InlineData("café cafe\u0301", "café|cafe\u0301")]
    [InlineData("月が綺麗abc", "月|が|綺|麗|abc")]
    [InlineData("สวัสดี", "ส|วั|ส|ดี")]
    [InlineData("한국어 문장", "한국어|문장")]
    [InlineData("a\u200Bb", "a|b")]
    [InlineData("😀😀 x", "😀😀|x")]
    public void Cuts_as_a_reader_would(string text, string expected)
    {
        Assert.Equal(expected, string.Join('|', Tokenizer.Tokenize(text).Select(t => text.Substring(t.Start, t.Length))));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_a_mark() =>
        Assert.Equal([(0, 1), (1, 1), (2, 1)], Tokenizer.Tokenize("a\uD800b").Select(static t => (t.Start, t.Length)));

    [Fact]
    public void Tokens_and_gaps_rebuild_any_text()
    {
        string[] pieces = ["a", "Zebra", " ", "\t", "\n", "\r\n", "\r", "\u2028", "-", "--", "…", "'", "’", ".", ",", "7", "42", "_", "é", "e\u0301", "漢", "カ", "ไทย", "😀", "\uD83D", "\uDE00", "\0", "\u202E", "ß"];
        Random random = new(20260101);
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
            StringBuilder rebuilt = new();
            int at = 0;
            foreach (Token token in Tokenizer.Tokenize(text, document: 3))
            {
                Assert.True(token.Start >= at && token.Length > 0, text);
                Assert.All(text[at..token.Start], static c => Assert.True(IsGap(c), $"U+{(int)c:X4}"));
                rebuilt.Append(text, at, token.End - at);
                at = token.End;
                Assert.Equal(3, token.Document);
                (int line, int column) = Place(text, token.Start);
                Assert.Equal((line, column), (token.Line, token.Column));
            }

            rebuilt.Append(text, at, text.Length - at);
            Assert.Equal(text, rebuilt.ToString());
        }
    }

    [Fact]
    public void A_line_of_a_million_characters_is_no_trouble()
    {
        string text = string.Concat(Enumerable.Repeat("word,", 200_000)) + new string('x', 100_000) + new string('-', 100_000);
        List<Token> tokens = Tokenizer.Tokenize(text);
        Assert.Equal(400_002, tokens.Count);
        Assert.All(tokens, static t => Assert.Equal(1, t.Line));
    }

    private static bool IsGap(char c) =>
        char.IsWhiteSpace(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format;

    private static (int Line, int Column) Place(string text, int index)
    {
        int line = 1;
        int start = 0;
        for (int i = 0; i < index; i++)
        {
            bool breaks = text[i] is '\n' or '\u0085' or '\u2028' or '\u2029' || (text[i] == '\r' && text[i + 1] != '\n');
            if (breaks)
            {
                line++;
                start = i + 1;
            }
        }

        return (line, index - start + 1);
    }
}
