using DistAttention.Contracts.Access;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Signs the calls of this silo to others of the cluster, and says for which tenant they are. What goes to a client is not signed; nor is what this silo
/// calls for a client that has come to it over HTTP: that shows the client's token, so that the client may do what its token says and nothing else.
/// </summary>
internal sealed class OutgoingCalls(ClusterProof proof, CallTenant tenant) : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        // Changes end with this method: the request context is a value of the running call.
        RequestContext.Remove(CallHeaders.Token);
        RequestContext.Remove(CallHeaders.Proof);
        RequestContext.Remove(CallHeaders.Tenant);
        if (tenant.Caller is { Token: { } token } caller && context.InterfaceMethod.DeclaringType!.Assembly == typeof(ClientCallAttribute).Assembly)
        {
            RequestContext.Set(CallHeaders.Token, token);
            try
            {
                await context.Invoke();
                return;
            }
            catch (DistAttentionException error) when (TenantErrors.WithNames(error, caller.Tenant) is { } named && named != error)
            {
                throw named;
            }
        }

        if (!context.TargetId.IsClient())
        {
            string? forTenant = tenant.Current;
            RequestContext.Set(CallHeaders.Proof, proof.Sign(context.TargetId, context.InterfaceName, context.MethodName, forTenant));
            if (forTenant is not null)
            {
                RequestContext.Set(CallHeaders.Tenant, forTenant);
            }
        }

        await context.Invoke();
    }
}
