using System.Net;
using Orleans.Runtime;

namespace DistAttention.Contracts.Membership;

/// <summary>One silo, as the members' file tells of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its address, as owners are named.</param>
/// <param name="Gateway">Where clients connect; null if they cannot.</param>
/// <param name="Status">What the other silos think of it.</param>
public sealed record ClusterMember(string Name, SiloAddress Address, IPEndPoint? Gateway, SiloStatus Status)
{
    internal static ClusterMember Of(MembershipRow row)
    {
        SiloAddress address = SiloAddress.FromParsableString(row.Address);
        IPEndPoint? gateway = row.GatewayPort > 0 ? new IPEndPoint(address.Endpoint.Address, row.GatewayPort) : null;
        return new ClusterMember(row.Name, address, gateway, row.Status);
    }
}

/// <summary>Reads who is in a cluster without being in it.</summary>
public static class ClusterMembers
{
    /// <summary>Every silo that the folder's file knows, dead ones too.</summary>
    /// <param name="folder">The folder; none need be there.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static IReadOnlyList<ClusterMember> Read(string folder) => [.. new MembershipFile(folder).Read().Silos.Select(ClusterMember.Of)];
}
