namespace DistAttention.Simulator.Worlds;

/// <summary>What a world, or many, did.</summary>
internal sealed class Counters
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, long>> All => _counts;

    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Add(string name, long count = 1) => _counts[name] = _counts.GetValueOrDefault(name) + count;

    public void Add(Counters other)
    {
        foreach ((string name, long count) in other._counts)
        {
            Add(name, count);
        }
    }
}
