using System.Security.Cryptography;
using System.Text;
using DistAttention.Engine;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http;

/// <summary>
/// One engine for everybody who reaches it, or who shows the one token there is. Callers are told apart by their address, so that they get fair shares of it.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="token">The token; null: none is asked for.</param>
public sealed class EmbeddedAccess(EmbeddedAttention engine, string? token = null) : ICallerAccess
{
    private readonly byte[]? _hash = token is null ? null : Hash(token);

    /// <inheritdoc/>
    public ValueTask<IAttentionClient> ClientOfAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _hash is null || CryptographicOperations.FixedTimeEquals(_hash, Hash(BearerToken.Of(context)))
            ? new ValueTask<IAttentionClient>(engine.For(context.Connection.RemoteIpAddress?.ToString() ?? "local"))
            : throw new NotAuthenticatedException("the request's token is not known here", showedToken: true);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
