namespace DistAttention.Contracts;

/// <summary>A query tile on its way to a silo that owns shards of it.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.TileCall")]
public sealed record TileCall
{
    /// <summary>Names this call, for questions about it.</summary>
    [Id(0)]
    public required Guid CallId { get; init; }

    /// <summary>The sequence's shape and storage.</summary>
    [Id(1)]
    public required Packed<SequenceSpec> Spec { get; init; }

    /// <summary>What it is computed against.</summary>
    [Id(2)]
    public required SequenceSnapshot Snapshot { get; init; }

    /// <summary>Queries [Rows, NumHeadsQ, HeadDim].</summary>
    [Id(3)]
    public required TensorPayload Q { get; init; }

    /// <summary>Query rows.</summary>
    [Id(4)]
    public required int Rows { get; init; }

    /// <summary>Position of the first row.</summary>
    [Id(5)]
    public required long FirstQueryPosition { get; init; }

    /// <summary>Which positions each row sees.</summary>
    [Id(6)]
    public required Packed<AttentionMask> Mask { get; init; }

    /// <summary>How scores are made.</summary>
    [Id(7)]
    public required Packed<ScoreFunction> Score { get; init; }

    /// <summary>The silo's shards that the tile sees, in the order of positions.</summary>
    [Id(8)]
    public required WireSlice[] Shards { get; init; }

    /// <summary>The nodes to answer.</summary>
    [Id(9)]
    public required WireNode[] Nodes { get; init; }

    /// <summary>The ledger's fence when the snapshot was taken.</summary>
    [Id(10)]
    public long Fence { get; init; }
}

/// <summary>The rows of a shard that a call reads: the first <paramref name="Length"/>.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Length">Rows.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.WireSlice")]
public readonly record struct WireSlice(
    [property: Id(0)] ShardRef Shard,
    [property: Id(1)] int Length);

/// <summary>A node of the merge tree over runs: runs [Index · 2^Level, (Index + 1) · 2^Level).</summary>
/// <param name="Level">0 is a run.</param>
/// <param name="Index">Counted among the nodes of the level.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.WireNode")]
public readonly record struct WireNode(
    [property: Id(0)] int Level,
    [property: Id(1)] long Index);

/// <summary>A silo's answer to a query tile.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.TileReply")]
public sealed record TileReply
{
    /// <summary>The nodes answered, in the order asked.</summary>
    [Id(0)]
    public required WireNode[] Nodes { get; init; }

    /// <summary>One partial per node: maxLog2 [rows, NumHeadsQ], sum [rows, NumHeadsQ] and output [rows, NumHeadsQ, HeadDimV], one after the other.</summary>
    [Id(1)]
    public required TensorPayload[] Partials { get; init; }

    /// <summary>Positions of the snapshot that the partials stand for.</summary>
    [Id(2)]
    public required long PositionsCounted { get; init; }

    /// <summary>Shards that the silo does not hold; then nothing was computed.</summary>
    [Id(3)]
    public required ShardRef[] NotHere { get; init; }
}

/// <summary>The second pass of a query tile.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.TileMassCall")]
public sealed record TileMassCall
{
    /// <summary>The tile.</summary>
    [Id(0)]
    public required TileCall Tile { get; init; }

    /// <summary>Running maximum of each row after the first pass, base 2, [Rows, NumHeadsQ].</summary>
    [Id(1)]
    public required TensorPayload MaxLog2 { get; init; }

    /// <summary>Row sums after the first pass, [Rows, NumHeadsQ].</summary>
    [Id(2)]
    public required TensorPayload Sum { get; init; }

    /// <summary>Positions to report per row and head.</summary>
    [Id(3)]
    public required int TopK { get; init; }

    /// <summary>Bins over the snapshot's length.</summary>
    [Id(4)]
    public required int Bins { get; init; }
}

/// <summary>A silo's answer to the second pass of a query tile.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.TileMassReply")]
public sealed record TileMassReply : IMayBeParcel
{
    /// <summary>[rows, NumHeadsQ, bins], in units of 2⁻⁶⁰.</summary>
    [Id(0)]
    public required TensorPayload Bins { get; init; }

    /// <summary>[rows, NumHeadsQ, topK].</summary>
    [Id(1)]
    public required TensorPayload TopPositions { get; init; }

    /// <summary>[rows, NumHeadsQ, topK].</summary>
    [Id(2)]
    public required TensorPayload TopWeights { get; init; }

    /// <summary>Positions of the snapshot that the answer stands for.</summary>
    [Id(3)]
    public required long PositionsCounted { get; init; }

    /// <summary>Shards that the silo does not hold; then nothing was computed.</summary>
    [Id(4)]
    public required ShardRef[] NotHere { get; init; }

    /// <inheritdoc/>
    [Id(5)]
    public Parcel? Parcel { get; init; }

    /// <summary>Bytes of its tensors.</summary>
    public long ByteLength => (long)Bins.ByteLength + TopPositions.ByteLength + TopWeights.ByteLength;

    /// <summary>The same answer, to be fetched.</summary>
    /// <param name="parcel">Where.</param>
    public TileMassReply In(Parcel parcel) => new()
    {
        Bins = TensorPayload.Empty,
        TopPositions = TensorPayload.Empty,
        TopWeights = TensorPayload.Empty,
        PositionsCounted = PositionsCounted,
        NotHere = NotHere,
        Parcel = parcel,
    };
}
