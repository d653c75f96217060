namespace DistAttention.Contracts;

/// <summary>What is to be done about where shards are.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.RebalanceCall")]
public sealed record RebalanceCall
{
    /// <summary>A silo by its name or address, that is to have nothing in the end and get nothing more; null to even out what all have.</summary>
    [Id(0)]
    public string? Drain { get; init; }

    /// <summary>A drained silo by its name or address, that is to take part again; null for none.</summary>
    [Id(1)]
    public string? Undrain { get; init; }

    /// <summary>Only say what would be moved.</summary>
    [Id(2)]
    public bool DryRun { get; init; }
}

/// <summary>How a change of owners stands.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.RebalanceView")]
public sealed record RebalanceView
{
    /// <summary>Names the run.</summary>
    [Id(0)]
    public required Guid Run { get; init; }

    /// <summary>Whether it is over.</summary>
    [Id(1)]
    public required bool IsOver { get; init; }

    /// <summary>What is moved; the first ones, where there are very many.</summary>
    [Id(2)]
    public required MoveView[] Moves { get; init; }

    /// <summary>Shards that are to be moved.</summary>
    [Id(3)]
    public required int Planned { get; init; }

    /// <summary>Shards that were moved.</summary>
    [Id(4)]
    public required int Done { get; init; }

    /// <summary>Shards that stay where they are after all: deleted or moved by somebody else meanwhile, or nobody has room for them.</summary>
    [Id(5)]
    public required int Left { get; init; }

    /// <summary>Bytes in memory of the planned ones.</summary>
    [Id(6)]
    public required long PlannedBytes { get; init; }

    /// <summary>Bytes in memory of those that were moved.</summary>
    [Id(7)]
    public required long DoneBytes { get; init; }

    /// <summary>Resident bytes of each silo, by its name, before.</summary>
    [Id(8)]
    public required Dictionary<string, long> Before { get; init; }

    /// <summary>The same as planned.</summary>
    [Id(9)]
    public required Dictionary<string, long> After { get; init; }

    /// <summary>Why it ended early; null if it did not.</summary>
    [Id(10)]
    public string? Problem { get; init; }
}

/// <summary>A shard that changes its owner.</summary>
/// <param name="Sequence">The name of its sequence, as it is kept in the cluster.</param>
/// <param name="Index">Its index.</param>
/// <param name="From">The silo that has it, by its name.</param>
/// <param name="To">The silo that gets it, by its name.</param>
/// <param name="Bytes">Bytes of its rows.</param>
/// <param name="IsIdle">Whether it is not in memory: nothing but the reference moves.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.MoveView")]
public readonly record struct MoveView(
    [property: Id(0)] string Sequence,
    [property: Id(1)] int Index,
    [property: Id(2)] string From,
    [property: Id(3)] string To,
    [property: Id(4)] long Bytes,
    [property: Id(5)] bool IsIdle);
