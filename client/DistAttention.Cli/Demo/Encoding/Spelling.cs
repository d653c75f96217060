namespace DistAttention.Cli.Demo.Encoding;

/// <summary>How much alike two words are spelled: the Dice coefficient of their sets of character pairs, ends included.</summary>
internal static class Spelling
{
    private const int MinLength = 4;

    /// <summary>The content term spelled most like a word, the first among equals; likeness 0 if there is none.</summary>
    public static (int Term, double Likeness) MostAlike(string folded, Lexicon lexicon)
    {
        (int Term, double Likeness) best = (TermRow.None, 0);
        if (folded.Length < MinLength)
        {
            return best;
        }

        HashSet<(char, char)> pairs = Pairs(folded);
        for (int term = 0; term < lexicon.Count; term++)
        {
            string text = lexicon[term].Text;
            if (lexicon[term].IsContent && text.Length >= MinLength && Math.Abs(text.Length - folded.Length) <= folded.Length / 2)
            {
                HashSet<(char, char)> other = Pairs(text);
                double likeness = 2.0 * other.Count(pairs.Contains) / (pairs.Count + other.Count);
                if (likeness > best.Likeness)
                {
                    best = (term, likeness);
                }
            }
        }

        return best;
    }

    private static HashSet<(char, char)> Pairs(string word)
    {
        HashSet<(char, char)> pairs = [('\0', word[0]), (word[^1], '\0')];
        for (int i = 1; i < word.Length; i++)
        {
            pairs.Add((word[i - 1], word[i]));
        }

        return pairs;
    }
}
