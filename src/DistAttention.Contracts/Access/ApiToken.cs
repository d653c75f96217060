using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace DistAttention.Contracts.Access;

/// <summary>
/// What a client shows with every call: <c>distattn_TENANT_SECRET</c>, the secret being 32 random bytes as base64url. Silos know its
/// SHA-256 only; so much chance needs no slow hash.
/// </summary>
public readonly record struct ApiToken
{
    private const string Start = "distattn_";
    private const int SecretBytes = 32;
    private const int SecretLength = 43;

    private ApiToken(TenantName tenant, string text) => (Tenant, Text) = (tenant, text);

    /// <summary>Whose it is.</summary>
    public TenantName Tenant { get; }

    /// <summary>The whole token, secret included.</summary>
    public string? Text { get; }

    /// <summary>A new one.</summary>
    /// <param name="tenant">For whom.</param>
    public static ApiToken New(TenantName tenant) =>
        new(tenant, $"{Start}{tenant}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}");

    /// <summary>Reads a token.</summary>
    /// <param name="text">The text.</param>
    /// <param name="token">The token.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out ApiToken token)
    {
        token = default;
        if (text is null || text.Length > Start.Length + TenantName.MaxLength + 1 + SecretLength || !text.StartsWith(Start, StringComparison.Ordinal))
        {
            return false;
        }

        int end = text.IndexOf('_', Start.Length);
        bool valid = end > 0
            && TenantName.TryParse(text[Start.Length..end], out TenantName tenant)
            && text.Length == end + 1 + SecretLength
            && Base64Url.IsValid(text.AsSpan(end + 1));
        token = valid ? new ApiToken(tenant: TenantOf(text, end), text) : default;
        return valid;
    }

    /// <summary>SHA-256 of the token, as silos are told of it.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Text ?? ""));

    /// <summary>Whose it is, without the secret: this may end in a log.</summary>
    public override string ToString() => Text is null ? "" : $"{Start}{Tenant}_…";

    private static TenantName TenantOf(string text, int end) => TenantName.TryParse(text[Start.Length..end], out TenantName tenant) ? tenant : default;
}
