namespace DistAttention;

/// <summary>The storage could not do what was asked: no room, no permission, a device that fails. What was acknowledged before is untouched.</summary>
/// <param name="file">The file, folder or table, as the storage names it.</param>
/// <param name="problem">What is wrong with it.</param>
/// <param name="inner">The cause.</param>
/// <param name="isTransient">Whether the same call may succeed later: a database that restarts, rather than one that refuses.</param>
public sealed class StorageException(string file, string problem, Exception? inner = null, bool isTransient = false)
    : DistAttentionException($"Storage: '{file}' {problem}.", inner)
{
    /// <summary>The file, folder or table.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; } = problem;

    /// <inheritdoc/>
    public override bool IsTransient { get; } = isTransient;
}

/// <summary>Stored bytes are not what was written. Nothing is answered from them.</summary>
/// <param name="file">The file, or the record of a table, as the storage names it.</param>
/// <param name="offset">Where the damaged part starts, in bytes.</param>
/// <param name="positions">Positions of the shard's rows that are affected, as far as that can be told; empty where it cannot.</param>
/// <param name="problem">What is wrong.</param>
public sealed class StorageDamagedException(string file, long offset, PositionRange positions, string problem)
    : DistAttentionException($"Storage: '{file}' is damaged at byte {offset}{(positions.IsEmpty ? "" : $" (positions {positions})")}: {problem}.")
{
    /// <summary>The file, or the record of a table.</summary>
    public string File { get; } = file;

    /// <summary>Where the damaged part starts, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>Positions affected; empty where they cannot be told.</summary>
    public PositionRange Positions { get; } = positions;

    /// <summary>What is wrong.</summary>
    public string Problem { get; } = problem;
}
