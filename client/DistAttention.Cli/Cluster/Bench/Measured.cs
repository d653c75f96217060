namespace DistAttention.Cli.Cluster.Bench;

/// <summary>What one place took for the same work.</summary>
internal sealed record Measured
{
    public required Prefill Full { get; init; }

    public required Prefill Causal { get; init; }

    /// <summary>Of one decode step: the median.</summary>
    public required TimeSpan Decode { get; init; }

    /// <summary>Of appending the rows that decode attends to.</summary>
    public required TimeSpan Append { get; init; }

    /// <summary>Bytes of k and v appended, as float32.</summary>
    public required long AppendBytes { get; init; }
}

/// <summary>One prefill.</summary>
/// <param name="Time">From q to o.</param>
/// <param name="NetworkBytes">That crossed the loopback network meanwhile, everybody's on this machine.</param>
/// <param name="PlannedBytes">That the plan needs: q once per silo with visible shards, a partial per maximal complete subtree, the result.</param>
/// <param name="BySilo">Bytes that each silo exchanged with other silos.</param>
internal sealed record Prefill(TimeSpan Time, long NetworkBytes, long PlannedBytes, IReadOnlyList<(string Silo, long Bytes)> BySilo);
