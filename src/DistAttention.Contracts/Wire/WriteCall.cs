namespace DistAttention.Contracts;

/// <summary>Rows for explicit places of one shard.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.WriteCall")]
public sealed record WriteCall
{
    /// <summary>The sequence's name, for errors.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>The sequence's shape and storage.</summary>
    [Id(1)]
    public required Packed<SequenceSpec> Spec { get; init; }

    /// <summary>The reservation's fence.</summary>
    [Id(2)]
    public required long Fence { get; init; }

    /// <summary>The append.</summary>
    [Id(3)]
    public required OperationId Operation { get; init; }

    /// <summary>Place of the first row, counted from the shard's first position.</summary>
    [Id(4)]
    public required int FirstIdx { get; init; }

    /// <summary>Rows.</summary>
    [Id(5)]
    public required int Count { get; init; }

    /// <summary>Rows of the shard that were committed before the reservation: the shard must hold them.</summary>
    [Id(6)]
    public required int CommittedRows { get; init; }

    /// <summary>Keys [Count, NumHeadsKv, HeadDim].</summary>
    [Id(7)]
    public required TensorPayload K { get; init; }

    /// <summary>Values [Count, NumHeadsKv, HeadDimV].</summary>
    [Id(8)]
    public required TensorPayload V { get; init; }

    /// <summary>Names this call, for questions about it.</summary>
    [Id(9)]
    public required Guid CallId { get; init; }

    /// <summary>What the reservation gave a client to show; null where everybody may write, and for silos.</summary>
    [Id(10)]
    public byte[]? Grant { get; init; }
}
