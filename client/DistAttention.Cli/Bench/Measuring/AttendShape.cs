namespace DistAttention.Cli.Bench.Measuring;

/// <summary>The shape of one attention call.</summary>
/// <param name="Rows">Query rows.</param>
/// <param name="Positions">Keys.</param>
/// <param name="HeadDim">Components of a key.</param>
internal sealed record AttendShape(int Rows, int Positions, int HeadDim)
{
    public int HeadDimV { get; init; } = HeadDim;

    public int NumHeadsQ { get; init; } = 8;

    public int NumHeadsKv { get; init; } = 8;

    public KvDataType KvType { get; init; } = KvDataType.Float32;

    public bool IsCausal { get; init; }

    public AttendOptions Options => new() { Mask = IsCausal ? AttentionMask.Causal : AttentionMask.Full };

    public SequenceSpec Spec => new()
    {
        NumHeadsQ = NumHeadsQ,
        NumHeadsKv = NumHeadsKv,
        HeadDim = HeadDim,
        HeadDimV = HeadDimV,
        KvType = KvType,
    };

    /// <summary>Visible pairs of (row, position), the rows being the last ones of the sequence.</summary>
    public long Pairs => IsCausal ? ((long)Rows * Positions) - ((long)Rows * (Rows - 1) / 2) : (long)Rows * Positions;

    /// <summary>Floating-point operations of the two products.</summary>
    public double Flops => 2.0 * Pairs * NumHeadsQ * (HeadDim + HeadDimV);

    /// <summary>Bytes of K and V, scales included.</summary>
    public double KvBytes => (double)Positions * NumHeadsKv * (((HeadDim + HeadDimV) * ElementBytes) + (KvType == KvDataType.Int8 ? 2 * sizeof(float) : 0));

    private int ElementBytes => KvType switch
    {
        KvDataType.Float32 => 4,
        KvDataType.Int8 => 1,
        _ => 2,
    };
}
