namespace DistAttention.Chaos;

/// <summary>First arguments of the program; without one it kills silos.</summary>
internal static class CommandVerbs
{
    /// <summary>Cuts links between hosts.</summary>
    public const string Hosts = "hosts";

    /// <summary>The callers of that, in a process of their own.</summary>
    public const string HostLoad = "host-load";
}
