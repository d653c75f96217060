using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Where the weight of some query rows goes among some positions. Bins are integers (weight · 2⁶⁰) and lists are ordered by
/// (weight, position), so adding answers in any order gives the same bits.
/// </summary>
public sealed class MassAnswer
{
    private MassAnswer(int rowHeads, int topK, int bins, IReadOnlyList<ShardId> notHere)
    {
        RowHeads = rowHeads;
        TopK = topK;
        Bins = bins;
        NotHere = notHere;
        BinMass = new ulong[checked(rowHeads * bins)];
        TopPositions = new long[checked(rowHeads * topK)];
        TopWeights = new float[rowHeads * topK];
        TopPositions.AsSpan().Fill(-1);
    }

    /// <summary>Query rows times query heads.</summary>
    public int RowHeads { get; }

    /// <summary>Positions reported per row and head.</summary>
    public int TopK { get; }

    /// <summary>Bins per row and head.</summary>
    public int Bins { get; }

    /// <summary>[RowHeads, Bins]: weight · 2⁶⁰.</summary>
    public ulong[] BinMass { get; }

    /// <summary>[RowHeads, TopK]: heaviest first, the lower position first among equals; −1 where there are fewer.</summary>
    public long[] TopPositions { get; }

    /// <summary>[RowHeads, TopK]: their weights.</summary>
    public float[] TopWeights { get; }

    /// <summary>Positions of the snapshot that the answer stands for.</summary>
    public long PositionsCounted { get; set; }

    /// <summary>Shards that the owner does not hold; then nothing was computed.</summary>
    public IReadOnlyList<ShardId> NotHere { get; }

    /// <summary>An answer over no position.</summary>
    /// <param name="rowHeads">Query rows times query heads.</param>
    /// <param name="topK">Positions reported per row and head.</param>
    /// <param name="bins">Bins per row and head.</param>
    public static MassAnswer Empty(int rowHeads, int topK, int bins) => new(rowHeads, topK, bins, []);

    /// <summary>The answer of an owner that does not hold what it was asked for.</summary>
    /// <param name="notHere">The shards it lacks.</param>
    public static MassAnswer Missing(IReadOnlyList<ShardId> notHere) => new(0, 0, 0, notHere);

    /// <summary>Adds an answer over other positions.</summary>
    /// <param name="other">The answer, of the same shape.</param>
    public void Add(MassAnswer other)
    {
        for (int i = 0; i < BinMass.Length; i++)
        {
            BinMass[i] += other.BinMass[i];
        }

        for (int row = 0; row < RowHeads; row++)
        {
            MergeTop(row * TopK, other);
        }

        PositionsCounted += other.PositionsCounted;
    }

    /// <summary>A bin's mass as a number between 0 and 1.</summary>
    /// <param name="fixedPoint">An element of <see cref="BinMass"/>.</param>
    public static float ToMass(ulong fixedPoint) => (float)(fixedPoint / (double)(1UL << 60));

    private static bool GoesBefore(float weight, long position, float otherWeight, long otherPosition) =>
        otherPosition < 0 || (position >= 0 && (weight > otherWeight || (weight == otherWeight && position < otherPosition)));

    /// <summary>Merges two ordered lists and keeps the first TopK.</summary>
    private void MergeTop(int start, MassAnswer other)
    {
        long[] mine = TopPositions[start..(start + TopK)];
        float[] myWeights = TopWeights[start..(start + TopK)];
        int i = 0;
        int j = start;
        for (int to = start; to < start + TopK; to++)
        {
            if (GoesBefore(other.TopWeights[j], other.TopPositions[j], myWeights[i], mine[i]))
            {
                (TopPositions[to], TopWeights[to]) = (other.TopPositions[j], other.TopWeights[j]);
                j++;
            }
            else
            {
                (TopPositions[to], TopWeights[to]) = (mine[i], myWeights[i]);
                i++;
            }
        }
    }
}
