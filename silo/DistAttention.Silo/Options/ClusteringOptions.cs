namespace DistAttention.Silo.Options;

/// <summary>The cluster that this silo joins. Section <c>Cluster</c>.</summary>
public sealed class ClusteringOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Cluster";

    /// <summary>How silos find each other. Default: through a folder.</summary>
    public ClusteringMode Mode { get; set; } = ClusteringMode.File;

    /// <summary>The cluster's name; silos and clients of another name are refused. Default <c>distattention</c>.</summary>
    public string Id { get; set; } = "distattention";

    /// <summary>
    /// <see cref="ClusteringMode.File"/>: the folder, the same one for every silo of the cluster and for no other. Relative paths start at the
    /// working directory.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>
    /// <see cref="ClusteringMode.PostgreSql"/>: an Npgsql connection string. Its user may make tables, or
    /// those of <c>postgresql.sql</c>, which lies beside the program, are there.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// How long a silo has to answer a probe. Default 5 s. With <see cref="MissedProbes"/> it decides how soon a dead silo is noticed; too
    /// short, and a busy one is taken for dead.
    /// </summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Probes in a row that a silo may miss before it is suspected. Default 3.</summary>
    public int MissedProbes { get; set; } = 3;

    /// <summary>Silos that must suspect one before it is declared dead; in a small cluster, half of it is enough. Default 2.</summary>
    public int Votes { get; set; } = 2;

    /// <summary>How often members are read again, in case gossip did not arrive. Default 30 s; local clusters afford less.</summary>
    public TimeSpan Refresh { get; set; } = TimeSpan.FromSeconds(30);
}
