namespace DistAttention.Cli.Cluster.Bench;

/// <summary>How much a run measures.</summary>
/// <param name="Silos">Silos of the larger cluster.</param>
/// <param name="PrefillRows">Queries, keys and values of prefill.</param>
/// <param name="DecodePositions">Positions that a decode step attends to.</param>
/// <param name="Rounds">How often everything is measured in turn; decode steps three times as often.</param>
internal sealed record BenchSettings(int Silos, int PrefillRows, int DecodePositions, int Rounds)
{
    /// <summary>Bytes of k and v that one append measures, as float32.</summary>
    public long AppendBytes => (long)DecodePositions * DecodeSpec.NumHeadsKv * (DecodeSpec.HeadDim + DecodeSpec.HeadDimV) * sizeof(float);

    /// <summary>The sequence of a prefill under a mask; its placement expects that mask.</summary>
    public SequenceSpec PrefillFor(AttentionMask mask) => PrefillSpec with { ExpectedMask = mask };

    public SequenceSpec PrefillSpec { get; } = new()
    {
        NumHeadsQ = 8,
        NumHeadsKv = 8,
        HeadDim = 128,
        ShardLength = 1024,
        ExpectedLength = PrefillRows,
    };

    public SequenceSpec DecodeSpec { get; } = new()
    {
        NumHeadsQ = 32,
        NumHeadsKv = 8,
        HeadDim = 128,
        KvType = KvDataType.BFloat16,
        ExpectedLength = DecodePositions,
        ExpectedMask = AttentionMask.Full,
    };
}
