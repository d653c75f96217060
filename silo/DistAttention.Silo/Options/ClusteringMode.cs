namespace DistAttention.Silo.Options;

/// <summary>How silos find each other.</summary>
public enum ClusteringMode
{
    /// <summary>Through a folder on one machine, or on a local file system that all silos share. Any silo may be killed.</summary>
    File,

    /// <summary>Through a PostgreSQL database. Any silo may be killed.</summary>
    PostgreSql,

    /// <summary>Not at all: a cluster of this silo alone, in memory. For tests.</summary>
    Development,
}
