using DistAttention.Cli.Demo.Documents;

namespace DistAttention.Cli.Demo.Asking;

/// <summary>Where the attention of a question goes, over the positions of the text and over its tokens.</summary>
internal sealed class MassProfile
{
    /// <summary>Bins asked for when the text has more positions than an answer may have bins.</summary>
    public const int MaxBins = 65_536;

    private readonly double[][] _heads; // [head][position]: sums to 1 / heads each

    public MassProfile(int heads, int positions)
    {
        _heads = [.. Enumerable.Range(0, heads).Select(_ => new double[positions])];
        PositionCount = positions;
    }

    public int HeadCount => _heads.Length;

    public int PositionCount { get; }

    /// <summary>Share of the start of the text: what found nothing to hold on to.</summary>
    public double StartShare => _heads.Sum(static h => h[0]);

    /// <summary>Mass of one head by position. All heads and positions sum to 1.</summary>
    public ReadOnlySpan<double> Head(int head) => _heads[head];

    /// <summary>
    /// Adds what some rows attend to. Bins of several positions are spread evenly over them, but for the heaviest
    /// positions, whose own weights are known.
    /// </summary>
    /// <param name="mass">Bins over all positions, and top positions where a bin holds more than one.</param>
    /// <param name="rowShares">How much each row counts.</param>
    public void Add(AttentionMass mass, ReadOnlySpan<double> rowShares)
    {
        ReadOnlySpan<float> bins = mass.BinMass.Span;
        ReadOnlySpan<long> tops = mass.TopPositions.Span;
        ReadOnlySpan<float> weights = mass.TopWeights.Span;
        double[] rest = new double[mass.Bins]; // mass of the bin's positions that are not known one by one
        long[] unknown = new long[mass.Bins]; // how many those are
        HashSet<long> known = [];
        for (int row = 0; row < mass.Rows; row++)
        {
            double share = rowShares[row] / HeadCount;
            for (int h = 0; h < HeadCount; h++)
            {
                int at = (row * HeadCount) + h;
                double[] head = _heads[h];
                for (int bin = 0; bin < rest.Length; bin++)
                {
                    rest[bin] = bins[(at * mass.Bins) + bin];
                    unknown[bin] = mass.BinRange(bin).Length;
                }

                known.Clear();

                for (int top = 0; top < mass.TopK; top++)
                {
                    long position = tops[(at * mass.TopK) + top];
                    if (position >= 0)
                    {
                        double weight = weights[(at * mass.TopK) + top];
                        head[position] += share * weight;
                        known.Add(position);
                        rest[BinOf(position, mass)] -= weight;
                        unknown[BinOf(position, mass)]--;
                    }
                }

                for (int bin = 0; bin < rest.Length; bin++)
                {
                    PositionRange range = mass.BinRange(bin);
                    double each = share * Math.Max(0, rest[bin]) / Math.Max(1, unknown[bin]);
                    for (long position = range.Start; position < range.End; position++)
                    {
                        head[position] += known.Contains(position) ? 0 : each;
                    }
                }
            }
        }
    }

    /// <summary>Mass by token of the text, all heads, repetitions of the text added up; the start is left out.</summary>
    public double[] ByToken(Corpus corpus)
    {
        double[] tokens = new double[corpus.Tokens.Length];
        foreach (double[] head in _heads)
        {
            for (int position = 1; position < PositionCount; position++)
            {
                tokens[corpus.TokenIndexAt(position)] += head[position];
            }
        }

        return tokens;
    }

    /// <summary>Mass in equal bins of positions: of one head, or of all (null). The start is left out.</summary>
    public double[] Binned(int bins, int? head = null)
    {
        double[] mass = new double[bins];
        for (int bin = 0; bin < bins; bin++)
        {
            PositionRange range = AttentionMass.BinRange(bin, bins, PositionCount - 1);
            for (int h = head ?? 0; h <= (head ?? HeadCount - 1); h++)
            {
                for (long token = range.Start; token < range.End; token++)
                {
                    mass[bin] += _heads[h][token + 1];
                }
            }
        }

        return mass;
    }

    private static long BinOf(long position, AttentionMass mass)
    {
        // The inverse of BinRange up to its rounding.
        long bin = (long)((Int128)position * mass.Bins / mass.Snapshot.Length);
        while (mass.BinRange((int)bin).End <= position)
        {
            bin++;
        }

        return bin;
    }
}
