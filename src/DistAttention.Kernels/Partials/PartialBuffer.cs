namespace DistAttention.Kernels;

/// <summary>A partial that owns its memory. It starts empty.</summary>
public sealed class PartialBuffer
{
    private readonly float[] _maxLog2;
    private readonly float[] _sum;
    private readonly float[] _output;

    /// <summary>Allocates an empty partial.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of the output.</param>
    public PartialBuffer(int rows, int numHeadsQ, int headDimV)
    {
        Rows = rows;
        NumHeadsQ = numHeadsQ;
        HeadDimV = headDimV;
        _maxLog2 = new float[checked(rows * numHeadsQ)];
        _sum = new float[_maxLog2.Length];
        _output = new float[checked(_maxLog2.Length * headDimV)];
        Array.Fill(_maxLog2, float.NegativeInfinity);
    }

    /// <summary>Query rows.</summary>
    public int Rows { get; }

    /// <summary>Query heads.</summary>
    public int NumHeadsQ { get; }

    /// <summary>Components of one head of the output.</summary>
    public int HeadDimV { get; }

    /// <summary>The partial.</summary>
    public PartialSpan Span => new(_maxLog2, _sum, _output, Rows, NumHeadsQ, HeadDimV);
}
