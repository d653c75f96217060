using DistAttention.Contracts.Access;

namespace DistAttention.Grains;

/// <summary>Who may call this cluster. Section <c>Access</c>; the same on every silo. Without a token, everybody who can connect may do everything.</summary>
public sealed class AccessOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Access";

    /// <summary>The tokens. Two of one tenant see the same sequences, so that a token can be replaced while both are valid.</summary>
    public IList<TokenOptions> Tokens { get; set; } = [];

    /// <summary>
    /// A secret that the silos of a cluster share, and nobody else has: at least 32 random bytes as base64. Calls between silos are signed
    /// with keys made of it, so that no client can pass for a silo. Needed with <see cref="Tokens"/>; <c>distattn token cluster-key</c> prints one.
    /// </summary>
    public string? ClusterKey { get; set; }

    /// <summary>Whether calls are checked.</summary>
    public bool IsOn => Tokens.Count > 0 || !string.IsNullOrEmpty(ClusterKey);
}

/// <summary>One token, without its secret; <c>distattn token new</c> prints both.</summary>
public sealed class TokenOptions
{
    /// <summary>Whose it is: up to 32 lower-case letters, digits and dashes.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>SHA-256 of the token, 64 hexadecimal digits.</summary>
    public string Sha256 { get; set; } = "";

    /// <summary>What it allows. Default: read and write.</summary>
    public Rights Rights { get; set; } = Rights.Read | Rights.Write;
}
