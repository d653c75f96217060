using System.Security.Cryptography;
using DistAttention.Contracts.Access;
using Microsoft.Extensions.Options;

namespace DistAttention.Grains;

/// <summary>The rules of <see cref="AccessOptions"/>. No message repeats a value that may be a secret.</summary>
public sealed class AccessOptionsValidator : IValidateOptions<AccessOptions>
{
    /// <summary>The fewest bytes of a cluster key.</summary>
    internal const int MinKeyBytes = 32;

    private const Rights AllRights = Rights.Read | Rights.Write | Rights.Admin;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> problems = [];
        HashSet<string> hashes = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < options.Tokens.Count; i++)
        {
            TokenOptions token = options.Tokens[i];
            string at = $"{AccessOptions.Section}:{nameof(options.Tokens)}:{i}:";
            Require(TenantName.TryParse(token.Tenant, out _), $"{at}{nameof(token.Tenant)} '{token.Tenant}' is not 1 to {TenantName.MaxLength} lower-case letters, digits and dashes");
            Require(IsHash(token.Sha256), $"{at}{nameof(token.Sha256)} is not 64 hexadecimal digits; 'distattn token new' prints them");
            Require(!IsHash(token.Sha256) || hashes.Add(token.Sha256), $"{at}{nameof(token.Sha256)} is that of another token too");
            Require(token.Rights != Rights.None && (token.Rights & ~AllRights) == 0, $"{at}{nameof(token.Rights)} is {token.Rights}; it is some of {AllRights}");
        }

        if (options.Tokens.Count > 0)
        {
            Require(KeyOf(options) is { Length: >= MinKeyBytes }, $"{AccessOptions.Section}:{nameof(options.ClusterKey)} is not at least {MinKeyBytes} bytes as base64; 'distattn token cluster-key' prints some");
        }
        else
        {
            Require(string.IsNullOrEmpty(options.ClusterKey), $"{AccessOptions.Section}:{nameof(options.ClusterKey)} is set, but there is no token that a client could show");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }

    /// <summary>The cluster key's bytes; null if it is none.</summary>
    internal static byte[]? KeyOf(AccessOptions options)
    {
        byte[] bytes = new byte[options.ClusterKey?.Length ?? 0];
        return Convert.TryFromBase64String(options.ClusterKey ?? "", bytes, out int written) ? bytes[..written] : null;
    }

    private static bool IsHash(string text) => text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);
}
