namespace DistAttention.Engine.Shards;

/// <summary>Who holds a shard: a silo's address, or this process.</summary>
/// <param name="Value">The address.</param>
public readonly record struct OwnerId(string Value)
{
    /// <summary>This process, when there is no cluster.</summary>
    public static OwnerId Local { get; } = new("local");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
