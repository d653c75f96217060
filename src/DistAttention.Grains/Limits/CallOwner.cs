using DistAttention.Calls;
using DistAttention.Contracts.Access;
using DistAttention.Engine.Compute;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>Whose share of the silo the running call takes from: its tenant's, or its client's where there are no tenants.</summary>
internal sealed class CallOwner(CallTenant tenant)
{
    /// <summary>Of the call that is being worked on.</summary>
    public CallerId Current => tenant.Current is { Length: > 0 } name ? new CallerId("tenant " + name)
        : RequestContext.Get(CallHeaders.Client) is Guid client ? new CallerId($"client {client:N}")
        : CallerId.Anyone;
}
