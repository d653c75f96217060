namespace DistAttention.Contracts;

/// <summary>How busy one silo is, and with what: sums that only grow, for whoever asks again and looks at what was added, and the shards in its memory.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.SiloLoad")]
public sealed record SiloLoad
{
    /// <summary>How it stands.</summary>
    [Id(0)]
    public required SiloReport Report { get; init; }

    /// <summary>Its clock, in seconds since it started to count.</summary>
    [Id(1)]
    public required double Seconds { get; init; }

    /// <summary>Time that compute threads spent inside kernels, all together, in seconds.</summary>
    [Id(2)]
    public required double BusySeconds { get; init; }

    /// <summary>Floating-point operations over visible pairs.</summary>
    [Id(3)]
    public required double Operations { get; init; }

    /// <summary>Those that one thread can do in a second.</summary>
    [Id(4)]
    public required double PeakPerThread { get; init; }

    /// <summary>Calls of clients in progress.</summary>
    [Id(5)]
    public required int Calls { get; init; }

    /// <summary>Query rows answered.</summary>
    [Id(6)]
    public required long RowsAnswered { get; init; }

    /// <summary>Rows written to its shards.</summary>
    [Id(7)]
    public required long RowsWritten { get; init; }

    /// <summary>(query tile × block) visits computed for clients.</summary>
    [Id(8)]
    public required long BlocksComputed { get; init; }

    /// <summary>(query tile × block) visits that masks made unnecessary.</summary>
    [Id(9)]
    public required long BlocksSkipped { get; init; }

    /// <summary>Parts of tiles asked for again.</summary>
    [Id(10)]
    public required long Retries { get; init; }

    /// <summary>Parts and writes given to another owner.</summary>
    [Id(11)]
    public required long Failovers { get; init; }

    /// <summary>Parts asked of a second owner.</summary>
    [Id(12)]
    public required long Hedges { get; init; }

    /// <summary>Calls refused as too many.</summary>
    [Id(13)]
    public required long Refused { get; init; }

    /// <summary>Calls that were let in and failed.</summary>
    [Id(14)]
    public required long Failed { get; init; }

    /// <summary>Bytes sent to other processes.</summary>
    [Id(15)]
    public required double BytesSent { get; init; }

    /// <summary>Bytes received from other processes.</summary>
    [Id(16)]
    public required double BytesReceived { get; init; }

    /// <summary>Upper ends of the buckets of times, in seconds; a last bucket has no end.</summary>
    [Id(17)]
    public required double[] TimeBounds { get; init; }

    /// <summary>Calls that attended, by the time they took.</summary>
    [Id(18)]
    public required long[] AttendTimes { get; init; }

    /// <summary>Writes to its shards, by the time they took.</summary>
    [Id(19)]
    public required long[] WriteTimes { get; init; }

    /// <summary>Shards in its memory: the largest, where there are too many to name.</summary>
    [Id(20)]
    public required ShardLoadEntry[] Shards { get; init; }
}

/// <summary>One shard in a silo's memory.</summary>
/// <param name="Sequence">The sequence that made it; forks share it.</param>
/// <param name="Index">Which of its shards.</param>
/// <param name="Positions">Rows that can be read.</param>
/// <param name="Bytes">Bytes of native memory.</param>
/// <param name="Uses">How often it was asked for; grows.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ShardLoadEntry")]
public readonly record struct ShardLoadEntry(
    [property: Id(0)] Guid Sequence,
    [property: Id(1)] int Index,
    [property: Id(2)] int Positions,
    [property: Id(3)] long Bytes,
    [property: Id(4)] long Uses);
