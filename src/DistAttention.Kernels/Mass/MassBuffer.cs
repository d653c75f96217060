namespace DistAttention.Kernels;

/// <summary>Mass that owns its memory. It starts empty.</summary>
public sealed class MassBuffer
{
    private readonly int _rows;
    private readonly int _numHeadsQ;
    private readonly long _length;
    private readonly int _binCount;
    private readonly int _topK;
    private readonly ulong[] _bins;
    private readonly long[] _topPositions;
    private readonly float[] _topWeights;

    /// <summary>Allocates empty mass.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="length">Positions of the snapshot, which the bins share.</param>
    /// <param name="binCount">Bins per row and head; 0: none.</param>
    /// <param name="topK">Positions kept per row and head; 0: none.</param>
    public MassBuffer(int rows, int numHeadsQ, long length, int binCount, int topK)
    {
        _rows = rows;
        _numHeadsQ = numHeadsQ;
        _length = length;
        _binCount = binCount;
        _topK = topK;
        _bins = new ulong[checked(rows * numHeadsQ * binCount)];
        _topPositions = new long[checked(rows * numHeadsQ * topK)];
        _topWeights = new float[_topPositions.Length];
        Array.Fill(_topPositions, -1);
    }

    /// <summary>The mass.</summary>
    public MassSpan Span => new(_rows, _numHeadsQ, _length, _binCount, _bins, _topK, _topPositions, _topWeights);
}
