namespace DistAttention.Chaos.Hosts;

/// <summary>Something that happens to links, and ends.</summary>
public sealed record HostFault
{
    private HostFault(string name, Func<HostNetwork, Task<string>> make, Func<HostNetwork, Task> heal)
    {
        Name = name;
        Make = make;
        Heal = heal;
    }

    /// <summary>What, in words.</summary>
    public string Name { get; }

    /// <summary>A silo's host is off the network.</summary>
    public static HostFault SiloCut { get; } = Of("the host of silo a is cut off", static n => n.CutAsync("a"), static n => n.HealAsync("a"));

    /// <summary>The host of the callers and of the database is off the network.</summary>
    public static HostFault CallersCut { get; } = Of("the host of the callers and the database is cut off", static n => n.CutAsync("c"), static n => n.HealAsync("c"));

    /// <summary>The silos do not reach each other; everybody else reaches both.</summary>
    public static HostFault SilosApart { get; } = Of(
        "the silos do not reach each other",
        static n => Task.WhenAll(n.CutAsync("a", "b"), n.CutAsync("b", "a")),
        static n => Task.WhenAll(n.HealAsync("a", "b"), n.HealAsync("b", "a")));

    /// <summary>What one silo sends the other is lost.</summary>
    public static HostFault OneWayBetweenSilos { get; } = Of("what silo a sends silo b is lost", static n => n.CutAsync("a", "b"), static n => n.HealAsync("a", "b"));

    /// <summary>What one silo sends the callers and the database is lost.</summary>
    public static HostFault OneWayToCallers { get; } = Of("what silo a sends the callers and the database is lost", static n => n.CutAsync("a", "c"), static n => n.HealAsync("a", "c"));

    /// <summary>What the callers and the database send a silo is lost.</summary>
    public static HostFault OneWayFromCallers { get; } = Of("what the callers and the database send silo a is lost", static n => n.CutAsync("c", "a"), static n => n.HealAsync("c", "a"));

    /// <summary>A silo's host sends slowly.</summary>
    public static HostFault Slow { get; } = new("the host of silo a sends slowly", static n => n.SlowAsync("a"), static n => n.QuickenAsync("a"));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<HostFault> All { get; } = [SiloCut, CallersCut, SilosApart, OneWayBetweenSilos, OneWayToCallers, OneWayFromCallers, Slow];

    /// <summary>Makes it; says more, if there is more to say.</summary>
    internal Func<HostNetwork, Task<string>> Make { get; }

    /// <summary>Ends it.</summary>
    internal Func<HostNetwork, Task> Heal { get; }

    private static HostFault Of(string name, Func<HostNetwork, Task> make, Func<HostNetwork, Task> heal) => new(
        name,
        async network =>
        {
            await make(network).ConfigureAwait(false);
            return "";
        },
        heal);
}
