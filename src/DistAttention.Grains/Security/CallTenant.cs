using DistAttention.Contracts.Access;

namespace DistAttention.Grains;

/// <summary>
/// On whose behalf the call is made that is being worked on. Flows with the call: into tasks that it starts, and with calls that it makes,
/// over silos. What the cluster does by itself (timers, sweeps, activations) has no tenant.
/// </summary>
internal sealed class CallTenant
{
    private readonly AsyncLocal<Caller?> _caller = new();

    /// <summary>The tenant's name; null for the cluster itself, and for everybody where no tokens are configured.</summary>
    public string? Current => Caller.Tenant.Value;

    /// <summary>Who makes the call.</summary>
    public Caller Caller => _caller.Value ?? Caller.Cluster;

    /// <summary>Says who makes the running call, from here on; ends with the asynchronous method that says it.</summary>
    /// <param name="caller">Who.</param>
    public void Is(Caller caller) => _caller.Value = caller;

    /// <summary>Refuses names of others, as if there were nothing of that name.</summary>
    /// <param name="key">A sequence, as it is kept in the cluster.</param>
    /// <exception cref="SequenceNotFoundException">It is another tenant's.</exception>
    public void RequireOwn(string key)
    {
        if (!Caller.Tenant.Owns(key))
        {
            throw new SequenceNotFoundException(SequenceId.TryParse(key, null, out SequenceId id) ? id : default);
        }
    }
}
