using System.Collections.Concurrent;
using DistAttention.Client;
using DistAttention.Contracts.Access;
using DistAttention.Grains;
using DistAttention.Http;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Silo.Http;

/// <summary>
/// Callers of the API as clients of the cluster: with tokens, the client that shows one, as if it had come through a gateway; without, everybody, told apart by
/// address so that they get fair shares. The silo itself never makes a call for them in its own name where there are tokens.
/// </summary>
/// <param name="grains">The silo's connection.</param>
/// <param name="tokens">Acts for those who show one; null: there are none.</param>
internal sealed class ClusterAccess(IClusterClient grains, TokenCallers? tokens) : ICallerAccess
{
    /// <summary>Clients that are kept; beyond it all are forgotten, which costs what they have measured.</summary>
    private const int MostClients = 1024;

    private readonly ConcurrentDictionary<(TenantName, string), IAttentionClient> _clients = new();

    /// <summary>Not asynchronous: for whom the request's calls are made is said to the method that calls this one, and ends with it.</summary>
    public ValueTask<IAttentionClient> ClientOfAsync(HttpContext context)
    {
        TenantName tenant = default;
        if (tokens is not null && !tokens.TryActFor(BearerToken.Of(context), out tenant))
        {
            throw new NotAuthenticatedException("the request's token is not known here", showedToken: true);
        }

        string address = tokens is null ? context.Connection.RemoteIpAddress?.ToString() ?? "" : "";
        if (_clients.Count >= MostClients)
        {
            _clients.Clear();
        }

        return new ValueTask<IAttentionClient>(_clients.GetOrAdd((tenant, address), static (key, grains) => DistAttentionClient.Inside(grains, key.Item1), grains));
    }
}
