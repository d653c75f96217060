namespace DistAttention.Contracts;

/// <summary>A few rows to append.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.AppendCall")]
public sealed record AppendCall
{
    /// <summary>The sequence.</summary>
    [Id(0)]
    public required SequenceHandle Sequence { get; init; }

    /// <summary>Names the append.</summary>
    [Id(1)]
    public required OperationId Operation { get; init; }

    /// <summary>Where the first row must land; null for wherever the sequence ends.</summary>
    [Id(2)]
    public required long? ExpectedPosition { get; init; }

    /// <summary>Rows.</summary>
    [Id(3)]
    public required int Count { get; init; }

    /// <summary>Keys [Count, NumHeadsKv, HeadDim].</summary>
    [Id(4)]
    public required TensorPayload K { get; init; }

    /// <summary>Values [Count, NumHeadsKv, HeadDimV].</summary>
    [Id(5)]
    public required TensorPayload V { get; init; }

    /// <summary>Names this call, for questions about it.</summary>
    [Id(6)]
    public required Guid CallId { get; init; }
}
