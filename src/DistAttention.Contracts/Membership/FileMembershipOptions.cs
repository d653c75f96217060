namespace DistAttention.Contracts.Membership;

/// <summary>Where silos on one machine, or on one local file system, find each other.</summary>
public sealed class FileMembershipOptions
{
    /// <summary>The folder that holds <c>membership.json</c>; one cluster per folder. Made when the first silo starts.</summary>
    public string Folder { get; set; } = "";

    /// <summary>How often a client looks for new gateways. Default 1 s: it is one small read.</summary>
    public TimeSpan GatewayRefresh { get; set; } = TimeSpan.FromSeconds(1);
}
