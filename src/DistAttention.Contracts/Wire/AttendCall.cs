namespace DistAttention.Contracts;

/// <summary>One query tile of a call, on its way to a coordinator.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.AttendCall")]
public sealed record AttendCall
{
    /// <summary>Names this call, for questions about it.</summary>
    [Id(0)]
    public required Guid CallId { get; init; }

    /// <summary>The sequence.</summary>
    [Id(1)]
    public required SequenceHandle Sequence { get; init; }

    /// <summary>How the rows attend.</summary>
    [Id(2)]
    public required AttendTerms Terms { get; init; }

    /// <summary>What the call is computed against; null: the coordinator chooses, by the terms.</summary>
    [Id(3)]
    public required SequenceSnapshot? Pinned { get; init; }

    /// <summary>Query rows of the whole call.</summary>
    [Id(4)]
    public required long TotalRows { get; init; }

    /// <summary>Index of the tile's first row in the call.</summary>
    [Id(5)]
    public required long FirstRow { get; init; }

    /// <summary>Query rows of the tile.</summary>
    [Id(6)]
    public required int Rows { get; init; }

    /// <summary>Queries [Rows, NumHeadsQ, HeadDim].</summary>
    [Id(7)]
    public required TensorPayload Q { get; init; }

    /// <summary>Time left of the call's deadline when it was sent.</summary>
    [Id(8)]
    public required TimeSpan TimeLeft { get; init; }
}

/// <summary>The answer to a query tile.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.AttendReply")]
public sealed record AttendReply
{
    /// <summary>o [rows, NumHeadsQ, HeadDimV].</summary>
    [Id(0)]
    public required TensorPayload Output { get; init; }

    /// <summary>Natural lse [rows, NumHeadsQ].</summary>
    [Id(1)]
    public required TensorPayload Lse { get; init; }

    /// <summary>What the tile did; its rows are the tile's.</summary>
    [Id(2)]
    public required TileSummary Summary { get; init; }
}

/// <summary>Where the attention of a query tile goes.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.MassReply")]
public sealed record MassReply : IMayBeParcel
{
    /// <summary>[rows, NumHeadsQ, topK].</summary>
    [Id(0)]
    public required TensorPayload TopPositions { get; init; }

    /// <summary>[rows, NumHeadsQ, topK].</summary>
    [Id(1)]
    public required TensorPayload TopWeights { get; init; }

    /// <summary>[rows, NumHeadsQ, bins].</summary>
    [Id(2)]
    public required TensorPayload BinMass { get; init; }

    /// <summary>What the tile did.</summary>
    [Id(3)]
    public required TileSummary Summary { get; init; }

    /// <inheritdoc/>
    [Id(4)]
    public Parcel? Parcel { get; init; }

    /// <summary>Bytes of its tensors.</summary>
    public long ByteLength => (long)TopPositions.ByteLength + TopWeights.ByteLength + BinMass.ByteLength;

    /// <summary>The same answer, to be fetched.</summary>
    /// <param name="parcel">Where.</param>
    public MassReply In(Parcel parcel) =>
        new() { TopPositions = TensorPayload.Empty, TopWeights = TensorPayload.Empty, BinMass = TensorPayload.Empty, Summary = Summary, Parcel = parcel };
}

/// <summary>What a tile did.</summary>
/// <param name="Snapshot">What it was computed against.</param>
/// <param name="FirstQueryPosition">Where the call's first row stood.</param>
/// <param name="BlocksComputed">Blocks computed.</param>
/// <param name="BlocksSkipped">Blocks the mask made unnecessary.</param>
/// <param name="Partials">Partials merged.</param>
/// <param name="Retries">Parts asked for again.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.TileSummary")]
public readonly record struct TileSummary(
    [property: Id(0)] SequenceSnapshot Snapshot,
    [property: Id(1)] long FirstQueryPosition,
    [property: Id(2)] long BlocksComputed,
    [property: Id(3)] long BlocksSkipped,
    [property: Id(4)] int Partials,
    [property: Id(5)] int Retries)
{
    /// <summary>What its steps took.</summary>
    [Id(6)]
    public AttentionActuals Actuals { get; init; }
}
