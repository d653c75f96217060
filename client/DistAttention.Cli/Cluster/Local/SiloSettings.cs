namespace DistAttention.Cli.Cluster.Local;

/// <summary>How every silo of a local cluster is to be.</summary>
internal sealed record SiloSettings
{
    public required int ThreadsPerSilo { get; init; }

    /// <summary>Silos of one machine answer fast or are gone: shorter than a network needs, longer than a busy machine takes.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Set: the silos end when nobody holds this file.</summary>
    public string? OwnerLock { get; init; }

    /// <summary>Threads for each of several silos that share the machine's cores.</summary>
    public static int ShareOfCores(int silos) => Math.Max(1, Environment.ProcessorCount / silos);
}
