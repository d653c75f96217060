using System.Diagnostics.CodeAnalysis;

namespace DistAttention.Contracts.Access;

/// <summary>
/// A tenant: 1 to 32 lower-case letters, digits and dashes. Inside a cluster its sequences are kept as <c>tenant:name</c>, so the names of
/// two tenants never meet; the tenant itself sees the names alone.
/// </summary>
public readonly record struct TenantName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 32;

    private const char Separator = ':';

    private TenantName(string value) => Value = value;

    /// <summary>The name; null for nobody.</summary>
    public string? Value { get; }

    private string Prefix => Value is null ? "" : $"{Value}{Separator}";

    /// <summary>Reads a name.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tenant">The tenant.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out TenantName tenant)
    {
        bool valid = text is { Length: >= 1 and <= MaxLength } && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        tenant = valid ? new TenantName(text!) : default;
        return valid;
    }

    /// <summary>How a name, or the start of one, is kept in the cluster. Nobody's are kept as they are.</summary>
    /// <param name="name">The name, as the tenant writes it.</param>
    public string KeyOf(string name) => Prefix + name;

    /// <summary>Whether a sequence is this tenant's; nobody has all of them.</summary>
    /// <param name="key">How it is kept in the cluster.</param>
    public bool Owns(string key) => key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length > Prefix.Length;

    /// <summary>The name as the tenant writes it.</summary>
    /// <param name="key">How it is kept in the cluster; one of this tenant's.</param>
    public string NameOf(string key) => Owns(key) ? key[Prefix.Length..] : key;

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
