namespace DistAttention.Silo.Options;

/// <summary>Where sequences are kept. Section <c>Storage</c>. The same for every silo of a cluster.</summary>
public sealed class StorageOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Storage";

    /// <summary>Where acknowledged rows outlive the silos. Default: in the folder or the database that is named, otherwise nowhere.</summary>
    public StorageMode? Mode { get; set; }

    /// <summary>
    /// <see cref="StorageMode.File"/>: the folder, the same one for every silo and for no other cluster. Relative paths start at the working
    /// directory.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary><see cref="StorageMode.PostgreSql"/>: an Npgsql connection string.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>How often the space of shards that no sequence holds any more is looked for: leftovers of silos that ended between two steps. Default 15 minutes.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The mode as it is meant.</summary>
    public StorageMode EffectiveMode => Mode
        ?? (!string.IsNullOrWhiteSpace(Folder) ? StorageMode.File
            : !string.IsNullOrWhiteSpace(ConnectionString) ? StorageMode.PostgreSql
            : StorageMode.None);
}
