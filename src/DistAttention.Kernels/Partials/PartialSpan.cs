namespace DistAttention.Kernels;

/// <summary>
/// The partial of some query rows over some positions, in the caller's memory: running maximum (base 2), sum of weights
/// 2^(score − max), and unnormalised output. A row that saw nothing is (−∞, 0, 0).
/// </summary>
public readonly ref struct PartialSpan
{
    /// <summary>Describes a partial.</summary>
    /// <param name="maxLog2">[rows, numHeadsQ].</param>
    /// <param name="sum">[rows, numHeadsQ].</param>
    /// <param name="output">[rows, numHeadsQ, headDimV].</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of the output.</param>
    public PartialSpan(Span<float> maxLog2, Span<float> sum, Span<float> output, int rows, int numHeadsQ, int headDimV)
    {
        int heads = checked(rows * numHeadsQ);
        MaxLog2 = maxLog2[..heads];
        Sum = sum[..heads];
        Output = output[..checked(heads * headDimV)];
        Rows = rows;
        NumHeadsQ = numHeadsQ;
        HeadDimV = headDimV;
    }

    /// <summary>[Rows, NumHeadsQ]: largest score so far, in base 2; −∞ if none.</summary>
    public Span<float> MaxLog2 { get; }

    /// <summary>[Rows, NumHeadsQ]: sum of the weights.</summary>
    public Span<float> Sum { get; }

    /// <summary>[Rows, NumHeadsQ, HeadDimV]: sum of weight · value.</summary>
    public Span<float> Output { get; }

    /// <summary>Query rows.</summary>
    public int Rows { get; }

    /// <summary>Query heads.</summary>
    public int NumHeadsQ { get; }

    /// <summary>Components of one head of the output.</summary>
    public int HeadDimV { get; }

    /// <summary>Some rows of it.</summary>
    /// <param name="firstRow">The first.</param>
    /// <param name="rowCount">How many.</param>
    public PartialSpan Slice(int firstRow, int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, Rows - firstRow);
        int first = firstRow * NumHeadsQ;
        return new PartialSpan(MaxLog2[first..], Sum[first..], Output[(first * HeadDimV)..], rowCount, NumHeadsQ, HeadDimV);
    }

    /// <summary>Makes every row empty: (−∞, 0, 0).</summary>
    public void Clear()
    {
        MaxLog2.Fill(float.NegativeInfinity);
        Sum.Clear();
        Output.Clear();
    }

    internal void RequireSameShape(PartialSpan other)
    {
        if (Rows != other.Rows || NumHeadsQ != other.NumHeadsQ || HeadDimV != other.HeadDimV)
        {
            throw new ArgumentException(
                $"Partials of shapes [{Rows}, {NumHeadsQ}, {HeadDimV}] and [{other.Rows}, {other.NumHeadsQ}, {other.HeadDimV}] cannot be merged.");
        }
    }
}
