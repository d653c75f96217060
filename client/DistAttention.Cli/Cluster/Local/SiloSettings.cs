namespace DistAttention.Cli.Cluster.Local;

/// <summary>How every silo of a local cluster is to be.</summary>
internal sealed record SiloSettings
{
    public required int ThreadsPerSilo { get; init; }

    /// <summary>Bytes of K/V that each silo may hold.</summary>
    public required long MemoryPerSilo { get; init; }

    /// <summary>The folder that all silos keep sequences in; null: what a silo holds is lost with it.</summary>
    public string? Storage { get; init; }

    /// <summary>Set: the silos end when nobody holds this file.</summary>
    public string? OwnerLock { get; init; }

    /// <summary>For several silos that share the machine.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="threads">Threads for each; null for their share of the cores.</param>
    public static SiloSettings ForSharing(int silos, int? threads = null) => new()
    {
        ThreadsPerSilo = threads ?? Math.Max(1, Environment.ProcessorCount / silos),
        MemoryPerSilo = Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3 / silos),
    };
}
