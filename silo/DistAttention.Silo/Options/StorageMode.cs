namespace DistAttention.Silo.Options;

/// <summary>Where acknowledged rows outlive the silos.</summary>
public enum StorageMode
{
    /// <summary>Nowhere: what a silo held is lost with it.</summary>
    None,

    /// <summary>In a folder that all silos of the cluster share: of one machine, or a volume mounted by all.</summary>
    File,

    /// <summary>In a PostgreSQL database; its tables are made when they are not there.</summary>
    PostgreSql,
}
