using System.Security.Cryptography;
using DistAttention.Contracts.Access;
using Microsoft.Extensions.Options;

namespace DistAttention.Grains;

/// <summary>The tokens that this cluster knows, as their hashes.</summary>
internal sealed class TokenBook
{
    private readonly (byte[] Hash, Caller Caller)[] _known;

    public TokenBook(IOptions<AccessOptions> options)
    {
        _known = [.. options.Value.Tokens.Select(static token => (Convert.FromHexString(token.Sha256), CallerOf(token)))];
    }

    /// <summary>Who shows a token; null if it is not known. Takes as long for every token of the right form.</summary>
    public Caller? Find(string? text)
    {
        if (!ApiToken.TryParse(text, out ApiToken token))
        {
            return null;
        }

        byte[] hash = token.Hash();
        Caller? found = null;
        foreach ((byte[] known, Caller caller) in _known)
        {
            bool same = CryptographicOperations.FixedTimeEquals(hash, known);
            found = same && caller.Tenant == token.Tenant ? caller : found;
        }

        return found;
    }

    private static Caller CallerOf(TokenOptions token) =>
        new(TenantName.TryParse(token.Tenant, out TenantName tenant) ? tenant : default, token.Rights, IsClient: true);
}
