namespace DistAttention.Engine.Tests.Simulation;

/// <summary>Ways to share shards out among owners.</summary>
internal static class Placements
{
    public static Func<int, int> RoundRobin(int owners) => shard => shard % owners;

    public static Func<int, int> Groups(int owners, int length) => shard => shard / length % owners;

    public static Func<int, int> Random(int owners, int seed) => shard => new Random((seed * 1000) + shard).Next(owners);

    public static Func<int, int> Named(string name, int owners) => name switch
    {
        "round robin" => RoundRobin(owners),
        "pairs" => Groups(owners, 2),
        "fours" => Groups(owners, 4),
        "one" => static _ => 0,
        _ => Random(owners, name.Length),
    };
}
