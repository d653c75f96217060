using DistAttention.Contracts;

namespace DistAttention.Client;

/// <summary>Gathers the mass of a call's tiles.</summary>
internal sealed class MassTensors(int rowHeads, int topK, int bins)
{
    private readonly long[] _positions = new long[checked(rowHeads * topK)];
    private readonly float[] _weights = new float[rowHeads * topK];
    private readonly float[] _bins = new float[checked(rowHeads * bins)];

    /// <summary>Stores a tile's answer; tiles may be stored side by side.</summary>
    public void Store(MassReply reply, int firstRow, int rows, int heads)
    {
        int first = firstRow * heads;
        reply.TopPositions.Longs("positions", rows, heads, topK).Span.CopyTo(_positions.AsSpan(first * topK));
        reply.TopWeights.Floats("weights", rows, heads, topK).Span.CopyTo(_weights.AsSpan(first * topK));
        reply.BinMass.Floats("bins", rows, heads, bins).Span.CopyTo(_bins.AsSpan(first * bins));
        reply.TopWeights.Dispose();
        reply.BinMass.Dispose();
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
