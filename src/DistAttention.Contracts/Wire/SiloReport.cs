namespace DistAttention.Contracts;

/// <summary>What one silo holds and may hold.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.SiloReport")]
public sealed record SiloReport
{
    /// <summary>The silo's address, as owners are named.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    /// <summary>The silo's name.</summary>
    [Id(1)]
    public required string Name { get; init; }

    /// <summary>Where clients connect, as HOST:PORT; empty if they cannot.</summary>
    [Id(2)]
    public required string Gateway { get; init; }

    /// <summary>Its process.</summary>
    [Id(3)]
    public required int ProcessId { get; init; }

    /// <summary>Shards it holds.</summary>
    [Id(4)]
    public required int Shards { get; init; }

    /// <summary>Positions in them.</summary>
    [Id(5)]
    public required long Positions { get; init; }

    /// <summary>Bytes of native memory they take.</summary>
    [Id(6)]
    public required long ResidentBytes { get; init; }

    /// <summary>Bytes they may take.</summary>
    [Id(7)]
    public required long BudgetBytes { get; init; }

    /// <summary>Threads that run kernels.</summary>
    [Id(8)]
    public required int ComputeThreads { get; init; }

    /// <summary>Compute jobs that wait for a thread.</summary>
    [Id(9)]
    public required int QueuedJobs { get; init; }

    /// <summary>Sequences whose ledgers it holds.</summary>
    [Id(10)]
    public required int Sequences { get; init; }

    /// <summary>Bytes of query tiles and partials it has received from other silos and sent to them since it started.</summary>
    [Id(11)]
    public required long BytesMoved { get; init; }

    /// <summary>What tells the storage that it uses from every other one; empty where that is not known.</summary>
    [Id(12)]
    public string Storage { get; init; } = "";

    /// <summary>Whether it gets nothing new, since it is to leave.</summary>
    [Id(16)]
    public bool Leaves { get; init; }

    /// <summary>The same without what depends on the sequences of all tenants.</summary>
    public SiloReport WithoutContents() => this with { Shards = 0, Positions = 0, ResidentBytes = 0, QueuedJobs = 0, Sequences = 0, BytesMoved = 0, Storage = "" };
}
