namespace DistAttention.Cli.Connecting;

/// <summary>Where a verb's attention is computed: this process or a cluster. Disposing of it ends what it started.</summary>
internal interface IAttentionHost : IAsyncDisposable
{
    IAttentionClient Client { get; }

    /// <summary>Another client of the same place, that the place tells apart from the first. The caller disposes it.</summary>
    /// <param name="name">Who it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IAttentionClient> OtherClientAsync(string name, CancellationToken cancellationToken);

    /// <summary>Who computes, after "on": "2 threads", "3 silos of 1 thread".</summary>
    string Workers { get; }

    /// <summary>Silos that a sequence spreads over; 1 in this process.</summary>
    int SiloCount { get; }

    /// <summary>Threads that compute, over all silos.</summary>
    int Threads { get; }

    /// <summary>The plan of a call over a sequence of <paramref name="length"/> positions, if it were appended here now; owners by their names.</summary>
    Task<AttentionPlan> PlanAsync(SequenceSpec spec, long length, long rows, AttendOptions options, CancellationToken cancellationToken);

    /// <summary>Who owns what of a sequence; empty in this process.</summary>
    Task<IReadOnlyList<OwnerShare>> SharesAsync(IAttentionSequence sequence, CancellationToken cancellationToken);
}

/// <summary>What one silo owns of a sequence.</summary>
/// <param name="Silo">The silo's name.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="Ranges">The positions it owns, ascending; neighbours joined.</param>
/// <param name="Shards">The shards they are in.</param>
internal sealed record OwnerShare(string Silo, int ProcessId, IReadOnlyList<PositionRange> Ranges, int Shards)
{
    public long Positions => Ranges.Sum(static r => r.Length);
}
