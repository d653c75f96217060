namespace DistAttention.Grains;

/// <summary>Tells the storage that this silo uses from every other one, so that silos which do not share theirs are found out.</summary>
/// <param name="Mark">The mark; empty where none is known, and nothing is compared.</param>
/// <param name="Place">The storage, for the error.</param>
public sealed record StorageIdentity(string Mark, string Place)
{
    /// <summary>Nothing to compare.</summary>
    public static StorageIdentity None { get; } = new("", "memory");
}
