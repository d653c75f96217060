namespace DistAttention;

/// <summary>Finds the word a typo was meant to be.</summary>
public static class NearestName
{
    /// <summary>The candidate nearest to <paramref name="word"/>, if it is near enough to be what was meant.</summary>
    /// <param name="word">The word, as it was written.</param>
    /// <param name="candidates">Words that are known.</param>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        string bare = word.TrimStart('-');
        (string Name, int Edits)? best = candidates
            .Select(name => (Name: name, Edits: Edits(bare, name.TrimStart('-'))))
            .OrderBy(static c => c.Edits)
            .Cast<(string, int)?>()
            .FirstOrDefault();
        return best is { } found && found.Edits <= Math.Max(1, Math.Min(bare.Length, 9) / 3) ? found.Name : null;
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours (the optimal string alignment distance), case ignored.</summary>
    private static int Edits(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int substitution = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + substitution);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];
    }

    private static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
}
