using DistAttention.Contracts.Access;

namespace DistAttention.Grains;

/// <summary>Who makes a call.</summary>
/// <param name="Tenant">For whom it is made; nobody: for the cluster itself, or where no tokens are configured.</param>
/// <param name="Rights">What the caller may do.</param>
/// <param name="IsClient">Whether a client makes it with a token of its own, rather than a silo for it.</param>
internal sealed record Caller(TenantName Tenant, Rights Rights, bool IsClient)
{
    /// <summary>What calls show that this silo makes for a client that has come to it by another way than the gateway: the client's own token. Null: they are signed.</summary>
    public string? Token { get; init; }

    /// <summary>The cluster itself; everybody, where no tokens are configured.</summary>
    public static Caller Cluster { get; } = new(default, Rights.Read | Rights.Write | Rights.Admin, IsClient: false);
}
