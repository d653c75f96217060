using DistAttention.Contracts.Access;

namespace DistAttention.Contracts;

/// <summary>The names of all sequences of the cluster; its key is 0. Made anew from the silos if its own silo is lost.</summary>
[Alias("DistAttention.ISequenceCatalogGrain")]
public interface ISequenceCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>Takes a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="uid">The sequence that takes it.</param>
    /// <returns>False if another sequence has it.</returns>
    [Alias("TryAdd")]
    Task<bool> TryAddAsync(string name, Guid uid);

    /// <summary>Gives a name back.</summary>
    /// <param name="name">The name.</param>
    /// <param name="uid">The sequence that had it.</param>
    [Alias("Remove")]
    Task RemoveAsync(string name, Guid uid);

    /// <summary>The sequence that has a name, if there is one.</summary>
    /// <param name="name">The name.</param>
    [Alias("Find")]
    Task<Guid?> FindAsync(string name);

    /// <summary>Names in ordinal order.</summary>
    /// <param name="prefix">What they start with.</param>
    /// <param name="after">Only names after this one; empty for the first page.</param>
    /// <param name="count">How many at most.</param>
    [ClientCall(Rights.Read)]
    [Alias("List")]
    Task<string[]> ListAsync(string prefix, string after, int count);
}
