namespace DistAttention.Kernels;

/// <summary>Query rows as the user gave them, and how they attend.</summary>
public readonly ref struct QueryTile
{
    /// <summary>Describes query rows.</summary>
    /// <param name="q">[rows, numHeadsQ, headDim], projected and turned already where score and sequence say so.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="firstPosition">Absolute position of row 0; may be negative.</param>
    /// <param name="score">How scores are made.</param>
    /// <param name="mask">Which positions each row sees.</param>
    public QueryTile(ReadOnlySpan<float> q, int rows, int numHeadsQ, long firstPosition, CompiledScore score, CompiledMask mask)
    {
        ArgumentNullException.ThrowIfNull(score);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(numHeadsQ, 1);
        Q = q;
        Rows = rows;
        NumHeadsQ = numHeadsQ;
        FirstPosition = firstPosition;
        Score = score;
        Mask = mask;
    }

    /// <summary>[Rows, NumHeadsQ, HeadDim].</summary>
    public ReadOnlySpan<float> Q { get; }

    /// <summary>Query rows.</summary>
    public int Rows { get; }

    /// <summary>Query heads.</summary>
    public int NumHeadsQ { get; }

    /// <summary>Absolute position of row 0.</summary>
    public long FirstPosition { get; }

    /// <summary>How scores are made.</summary>
    public CompiledScore Score { get; }

    /// <summary>Which positions each row sees.</summary>
    public CompiledMask Mask { get; }
}
