using System.Collections.Concurrent;
using DistAttention.Contracts;

namespace DistAttention.Grains;

/// <summary>The sequences whose ledgers are on this silo; what a lost catalog is made anew from.</summary>
internal sealed class LocalSequences
{
    private readonly ConcurrentDictionary<string, Guid> _byName = new(StringComparer.Ordinal);

    public int Count => _byName.Count;

    public void Add(string name, Guid uid) => _byName[name] = uid;

    public void Remove(string name, Guid uid) => _byName.TryRemove(new(name, uid));

    public NamedSequence[] All() => [.. _byName.Select(static s => new NamedSequence(s.Key, s.Value))];
}
