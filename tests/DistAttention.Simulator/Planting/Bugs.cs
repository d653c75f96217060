namespace DistAttention.Simulator.Planting;

/// <summary>The bugs that can be planted, by name.</summary>
internal static class Bugs
{
    private static readonly SortedDictionary<string, Func<PlantedBug>> _all = new(StringComparer.Ordinal)
    {
    };

    public static IReadOnlyCollection<string> Names => _all.Keys;

    public static PlantedBug? Find(string? name) => name is null
        ? null
        : _all.TryGetValue(name, out Func<PlantedBug>? make) ? make() : throw new FormatException($"there is no bug '{name}'");
}
