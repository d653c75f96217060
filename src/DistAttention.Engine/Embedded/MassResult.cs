using DistAttention.Engine.Execution;

namespace DistAttention.Engine;

/// <summary>Gathers the mass of a call's tiles.</summary>
internal sealed class MassResult(int rowHeads, int topK, int bins)
{
    private readonly long[] _positions = new long[checked(rowHeads * topK)];
    private readonly float[] _weights = new float[rowHeads * topK];
    private readonly float[] _bins = new float[checked(rowHeads * bins)];

    /// <summary>Stores a tile's answer; tiles may be stored side by side.</summary>
    public void Store(MassAnswer answer, int firstRowHead)
    {
        answer.TopPositions.CopyTo(_positions.AsSpan(firstRowHead * topK));
        answer.TopWeights.CopyTo(_weights.AsSpan(firstRowHead * topK));
        Span<float> target = _bins.AsSpan(firstRowHead * bins, answer.BinMass.Length);
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = MassAnswer.ToMass(answer.BinMass[i]);
        }
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
