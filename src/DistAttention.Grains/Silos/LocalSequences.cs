using System.Collections.Concurrent;
using DistAttention.Contracts;

namespace DistAttention.Grains;

/// <summary>
/// The sequences whose ledgers are on this silo, and those of other silos that it was asked to witness: what a lost catalog is
/// made anew from, and what tells a sequence that was lost from one that never was.
/// </summary>
internal sealed class LocalSequences
{
    private readonly ConcurrentDictionary<string, Guid> _byName = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Guid> _witnessed = new(StringComparer.Ordinal);

    /// <summary>Ledgers here.</summary>
    public int Count => _byName.Count;

    public bool Contains(string name) => _byName.ContainsKey(name);

    public void Add(string name, Guid uid) => _byName[name] = uid;

    public void Remove(string name, Guid uid) => _byName.TryRemove(new(name, uid));

    public void Witness(NamedSequence sequence) => _witnessed[sequence.Name] = sequence.Uid;

    public void Forget(NamedSequence sequence) => _witnessed.TryRemove(new(sequence.Name, sequence.Uid));

    public NamedSequence[] All() =>
    [
        .. _byName.Select(static s => new NamedSequence(s.Key, s.Value)),
        .. _witnessed.Select(static s => new NamedSequence(s.Key, s.Value, IsWitnessed: true)),
    ];
}
