using DistAttention.Kernels;

namespace DistAttention.Engine;

/// <summary>Gathers the mass of a call's tiles.</summary>
internal sealed class MassResult(int rowHeads, int topK, int bins)
{
    private readonly long[] _positions = new long[checked(rowHeads * topK)];
    private readonly float[] _weights = new float[rowHeads * topK];
    private readonly float[] _bins = new float[checked(rowHeads * bins)];

    /// <summary>Stores a tile's answer; tiles may be stored side by side.</summary>
    public void Store(MassSpan tile, int firstRowHead)
    {
        tile.TopPositions.CopyTo(_positions.AsSpan(firstRowHead * topK));
        tile.TopWeights.CopyTo(_weights.AsSpan(firstRowHead * topK));
        tile.ReadBins(_bins.AsSpan(firstRowHead * bins, tile.Bins.Length));
    }

    public AttentionMass ToMass(int rows, int numHeadsQ, SequenceSnapshot snapshot) => new()
    {
        Rows = rows,
        NumHeadsQ = numHeadsQ,
        TopK = topK,
        Bins = bins,
        TopPositions = _positions,
        TopWeights = _weights,
        BinMass = _bins,
        Snapshot = snapshot,
    };
}
