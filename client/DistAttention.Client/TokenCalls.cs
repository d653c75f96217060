using DistAttention.Contracts.Access;
using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>Shows the client's token with every call, those of the transport included, and gives names in errors back as the tenant wrote them.</summary>
internal sealed class TokenCalls(ApiToken token) : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        RequestContext.Set(CallHeaders.Token, token.Text!);
        try
        {
            await context.Invoke();
        }
        catch (DistAttentionException error) when (TenantErrors.WithNames(error, token.Tenant) is { } named && named != error)
        {
            throw named;
        }
    }
}
