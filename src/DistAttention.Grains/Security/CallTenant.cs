namespace DistAttention.Grains;

/// <summary>
/// On whose behalf the call is made that is being worked on. Flows with the call: into tasks that it starts, and with calls that it makes,
/// over silos. What the cluster does by itself (timers, sweeps, activations) has no tenant.
/// </summary>
internal sealed class CallTenant
{
    private readonly AsyncLocal<string?> _current = new();

    /// <summary>The tenant's name; null for the cluster itself, and for everybody where no tokens are configured.</summary>
    public string? Current => _current.Value;

    /// <summary>Says for whom the running call is, from here on; ends with the asynchronous method that says it.</summary>
    /// <param name="tenant">The tenant; null for the cluster itself.</param>
    internal void Is(string? tenant) => _current.Value = tenant;
}
