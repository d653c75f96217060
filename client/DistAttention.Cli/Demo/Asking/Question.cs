using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Demo.Tokens;

namespace DistAttention.Cli.Demo.Asking;

/// <summary>One token of a question and what the text knows of it.</summary>
/// <param name="Text">As asked.</param>
/// <param name="Term">The text's term for it, or <see cref="TermRow.None"/>.</param>
/// <param name="Weight">How much its attention counts: 0 for what the text does not hold.</param>
/// <param name="ReadAs">The term it is taken for where that is spelled differently; null otherwise.</param>
internal sealed record QuestionWord(string Text, int Term, float Weight, string? ReadAs);

/// <summary>A question in the terms of a text.</summary>
/// <param name="Text">As asked.</param>
/// <param name="Words">Its tokens.</param>
internal sealed record Question(string Text, IReadOnlyList<QuestionWord> Words)
{
    private const double LeastLikeness = 0.7;

    /// <summary>The text's terms, one per token.</summary>
    public IReadOnlyList<int> Terms => [.. Words.Select(static w => w.Term)];

    /// <summary>Words that say something but that the text does not hold, in any form.</summary>
    public IReadOnlyList<string> UnknownWords =>
        [.. Words.Where(static w => w.Term == TermRow.None && IsContent(w.Text)).Select(static w => w.Text)];

    /// <summary>Share of each token in the question's attention, summing to 1: by weight, so that "the" counts for next to nothing.</summary>
    public double[] RowShares()
    {
        double sum = Words.Sum(static w => (double)w.Weight);
        return [.. Words.Select(w => sum > 0 ? w.Weight / sum : 1.0 / Words.Count)];
    }

    /// <summary>
    /// Reads a question. A word the text does not hold is taken for one with the same stem, or else for the one spelled
    /// most alike, with less weight; failing both it stays unknown.
    /// </summary>
    /// <param name="text">The question; at least one token.</param>
    /// <param name="lexicon">The terms of the text.</param>
    public static Question Read(string text, Lexicon lexicon)
    {
        List<QuestionWord> words = [];
        foreach (Token token in Tokenizer.Tokenize(text))
        {
            words.Add(ReadWord(text.Substring(token.Start, token.Length), token.Kind, lexicon));
        }

        return new Question(text, words);
    }

    private static QuestionWord ReadWord(string written, TokenKind kind, Lexicon lexicon)
    {
        if (lexicon.Find(written) is { } known)
        {
            return new QuestionWord(written, known, lexicon[known].Weight, null);
        }

        if (kind == TokenKind.Word && IsContent(written))
        {
            string folded = WordForms.Fold(written);
            if (lexicon.FindStem(WordForms.Stem(folded)) is { } sameStem)
            {
                return new QuestionWord(written, sameStem, lexicon[sameStem].Weight, lexicon[sameStem].Text);
            }

            (int alike, double likeness) = Spelling.MostAlike(folded, lexicon);
            if (likeness >= LeastLikeness)
            {
                return new QuestionWord(written, alike, (float)(likeness * likeness * lexicon[alike].Weight), lexicon[alike].Text);
            }
        }

        return new QuestionWord(written, TermRow.None, 0, null);
    }

    private static bool IsContent(string word) => char.IsLetterOrDigit(word[0]) && !FunctionWords.Contains(WordForms.Fold(word));
}
