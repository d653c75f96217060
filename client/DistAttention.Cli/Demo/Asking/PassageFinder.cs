using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;

namespace DistAttention.Cli.Demo.Asking;

/// <summary>
/// Puts attention mass by token together to passages: from the heaviest line outwards as long as the next line holds
/// enough, then from the heaviest line left, and so on. Passages of nearly the same words count as one found often.
/// </summary>
internal sealed class PassageFinder(Corpus corpus, Lexicon lexicon)
{
    private const int MaxUnits = 7;
    private const int MaxLineGap = 2;
    private const int MaxStep = 2;
    private const double LeastOfPeak = 0.1;

    /// <summary>How much more a line must hold to join over a blank line: that is where paragraphs end.</summary>
    private const double AcrossBlankLine = 2;

    private const double LeastOfFirst = 0.02;
    private const int MaxCandidates = 96;
    private const double SameWords = 0.6;

    private readonly List<TextUnit> _units = TextUnits.Cut(corpus);

    /// <summary>The passages with most mass, heaviest first; they share no token.</summary>
    /// <param name="tokenMass">Share of each token.</param>
    /// <param name="count">How many to find at most.</param>
    public IReadOnlyList<Passage> Find(ReadOnlySpan<double> tokenMass, int count)
    {
        double[] mass = new double[_units.Count];
        for (int unit = 0; unit < mass.Length; unit++)
        {
            for (int token = _units[unit].FirstToken; token < _units[unit].EndToken; token++)
            {
                mass[unit] += tokenMass[token];
            }
        }

        return [.. Together(Candidates(mass)).Take(count)];
    }

    private List<Passage> Candidates(double[] mass)
    {
        int[] heaviestFirst = [.. Enumerable.Range(0, mass.Length).OrderByDescending(unit => mass[unit])]; // stable: earlier lines first among equals
        bool[] taken = new bool[mass.Length];
        List<Passage> found = [];
        foreach (int peak in heaviestFirst)
        {
            if (taken[peak])
            {
                continue;
            }

            if (found.Count == MaxCandidates || mass[peak] <= 0 || (found.Count > 0 && mass[peak] < LeastOfFirst * mass[heaviestFirst[0]]))
            {
                break;
            }

            (int first, int last) = Grow(peak, mass, taken);
            double share = 0;
            for (int unit = first; unit <= last; unit++)
            {
                taken[unit] = true;
                share += mass[unit];
            }

            found.Add(new Passage
            {
                Document = _units[peak].Document,
                FirstLine = _units[first].Line,
                LastLine = _units[last].Line,
                FirstToken = _units[first].FirstToken,
                EndToken = _units[last].EndToken,
                Share = share,
            });
        }

        return [.. found.OrderByDescending(static p => p.Share)];
    }

    private (int First, int Last) Grow(int peak, double[] mass, bool[] taken)
    {
        double enough = LeastOfPeak * mass[peak];
        int first = peak;
        int last = peak;
        while (true)
        {
            int before = NextHit(first, -1, enough, mass, taken);
            int after = NextHit(last, 1, enough, mass, taken);
            bool canGoBack = before != first && last - before < MaxUnits;
            bool canGoOn = after != last && after - first < MaxUnits;
            if (canGoBack && (!canGoOn || mass[before] > mass[after]))
            {
                first = before;
            }
            else if (canGoOn)
            {
                last = after;
            }
            else
            {
                return (first, last);
            }
        }
    }

    /// <summary>The nearest unit beyond an edge that holds enough, over at most one that does not; the edge itself if there is none.</summary>
    private int NextHit(int edge, int direction, double enough, double[] mass, bool[] taken)
    {
        for (int step = 1; step <= MaxStep; step++)
        {
            int unit = edge + (step * direction);
            if (unit < 0 || unit >= mass.Length || taken[unit] || _units[unit].Document != _units[edge].Document)
            {
                break;
            }

            int gap = Math.Abs(_units[unit].Line - _units[unit - direction].Line);
            if (gap > MaxLineGap)
            {
                break;
            }

            if (gap > 1)
            {
                enough *= AcrossBlankLine;
            }

            if (mass[unit] >= enough)
            {
                return unit;
            }
        }

        return edge;
    }

    private List<Passage> Together(List<Passage> passages)
    {
        List<(Passage First, HashSet<(int, int)> Pairs, List<Passage> Likes)> groups = [];
        foreach (Passage passage in passages)
        {
            HashSet<(int, int)> pairs = WordPairs(passage);
            int group = groups.FindIndex(g => Likeness(g.Pairs, pairs) >= SameWords);
            if (group >= 0)
            {
                groups[group].Likes.Add(passage);
            }
            else
            {
                groups.Add((passage, pairs, []));
            }
        }

        return [.. groups.Select(static g => g.First with { Likes = g.Likes })];
    }

    private HashSet<(int, int)> WordPairs(Passage passage)
    {
        HashSet<(int, int)> pairs = [(lexicon.TermOfToken(passage.FirstToken), TermRow.None)];
        for (int token = passage.FirstToken + 1; token < passage.EndToken; token++)
        {
            pairs.Add((lexicon.TermOfToken(token - 1), lexicon.TermOfToken(token)));
        }

        return pairs;
    }

    /// <summary>Part of the smaller set that is in both.</summary>
    private static double Likeness(HashSet<(int, int)> a, HashSet<(int, int)> b) =>
        (double)(a.Count < b.Count ? a.Count(b.Contains) : b.Count(a.Contains)) / Math.Min(a.Count, b.Count);
}
