using DistAttention.Contracts.Access;

namespace DistAttention.Grains;

/// <summary>Lets a part of the silo make calls for a client that shows it a token: with the rights of that token, checked where every client's are, and never as the silo.</summary>
public sealed class TokenCallers
{
    private readonly TokenBook _tokens;
    private readonly CallTenant _tenant;

    internal TokenCallers(TokenBook tokens, CallTenant tenant) => (_tokens, _tenant) = (tokens, tenant);

    /// <summary>From here on, the running request's calls are those of the client that shows a token. Ends with the asynchronous method that calls this.</summary>
    /// <param name="token">The token.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <returns>Whether it is known.</returns>
    public bool TryActFor(string token, out TenantName tenant)
    {
        tenant = default;
        if (_tokens.Find(token) is not { } caller)
        {
            return false;
        }

        _tenant.Is(caller with { Token = token });
        tenant = caller.Tenant;
        return true;
    }
}
