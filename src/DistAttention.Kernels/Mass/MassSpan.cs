namespace DistAttention.Kernels;

/// <summary>
/// Where the attention of some query rows goes, in the caller's memory: mass per bin in fixed point, and the positions of
/// most weight. Parts over different positions add up to the same bits in any order and grouping.
/// </summary>
public readonly ref struct MassSpan
{
    /// <summary>Describes where mass is collected.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="length">Positions of the snapshot, which the bins share.</param>
    /// <param name="binCount">Bins per row and head; 0: none.</param>
    /// <param name="bins">[rows, numHeadsQ, binCount].</param>
    /// <param name="topK">Positions kept per row and head; 0: none.</param>
    /// <param name="topPositions">[rows, numHeadsQ, topK].</param>
    /// <param name="topWeights">[rows, numHeadsQ, topK].</param>
    public MassSpan(int rows, int numHeadsQ, long length, int binCount, Span<ulong> bins, int topK, Span<long> topPositions, Span<float> topWeights)
    {
        int heads = checked(rows * numHeadsQ);
        Rows = rows;
        NumHeadsQ = numHeadsQ;
        Length = length;
        BinCount = binCount;
        Bins = bins[..checked(heads * binCount)];
        TopK = topK;
        TopPositions = topPositions[..checked(heads * topK)];
        TopWeights = topWeights[..checked(heads * topK)];
    }

    /// <summary>Query rows.</summary>
    public int Rows { get; }

    /// <summary>Query heads.</summary>
    public int NumHeadsQ { get; }

    /// <summary>Positions that the bins share; bin i covers <see cref="AttentionMass.BinRange(int, int, long)"/>.</summary>
    public long Length { get; }

    /// <summary>Bins per row and head.</summary>
    public int BinCount { get; }

    /// <summary>[Rows, NumHeadsQ, BinCount]: mass in units of 2⁻⁶⁰, each weight rounded down to one.</summary>
    public Span<ulong> Bins { get; }

    /// <summary>Positions kept per row and head.</summary>
    public int TopK { get; }

    /// <summary>[Rows, NumHeadsQ, TopK]: heaviest first, the lower position first among equals; −1 at the end where fewer are visible.</summary>
    public Span<long> TopPositions { get; }

    /// <summary>[Rows, NumHeadsQ, TopK]: their weights; 0 where the position is −1.</summary>
    public Span<float> TopWeights { get; }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Bins.Clear();
        TopPositions.Fill(-1);
        TopWeights.Clear();
    }

    /// <summary>Adds what other positions received.</summary>
    /// <param name="other">Mass of the same rows, bins and top count over other positions.</param>
    public void Add(MassSpan other)
    {
        if (Rows != other.Rows || NumHeadsQ != other.NumHeadsQ || BinCount != other.BinCount || TopK != other.TopK || Length != other.Length)
        {
            throw new ArgumentException("Mass of different shapes cannot be added.", nameof(other));
        }

        for (int i = 0; i < Bins.Length; i++)
        {
            Bins[i] += other.Bins[i];
        }

        for (int slot = 0; slot < TopPositions.Length / Math.Max(1, TopK); slot++)
        {
            Top(slot).Add(other.Top(slot));
        }
    }

    /// <summary>Bins as floats: what a user sees.</summary>
    /// <param name="mass">[Rows, NumHeadsQ, BinCount].</param>
    public void ReadBins(Span<float> mass)
    {
        for (int i = 0; i < Bins.Length; i++)
        {
            mass[i] = (float)(Bins[i] * FixedPoint.Unit);
        }
    }

    /// <summary>The list of one row and head.</summary>
    internal TopList Top(int slot) => new(TopPositions.Slice(slot * TopK, TopK), TopWeights.Slice(slot * TopK, TopK));
}
