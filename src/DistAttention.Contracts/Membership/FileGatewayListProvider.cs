using Microsoft.Extensions.Options;
using Orleans.Messaging;
using Orleans.Runtime;

namespace DistAttention.Contracts.Membership;

/// <summary>The gateways of a cluster whose members are in a folder: for clients, which only read.</summary>
/// <param name="options">The folder.</param>
public sealed class FileGatewayListProvider(IOptions<FileMembershipOptions> options) : IGatewayListProvider
{
    private readonly MembershipFile _file = new(options.Value.Folder);

    /// <inheritdoc/>
    public TimeSpan MaxStaleness => options.Value.GatewayRefresh;

    /// <inheritdoc/>
    [Obsolete("Orleans no longer asks.")]
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IList<Uri>> GetGateways() => Task.Run(() => (IList<Uri>)[.. _file.Read().Silos.Select(ClusterMember.Of).Where(HasGateway).Select(GatewayOf)]);

    private static bool HasGateway(ClusterMember silo) => silo is { Status: SiloStatus.Active, Gateway: not null };

    private static Uri GatewayOf(ClusterMember silo) => SiloAddress.New(silo.Gateway!, silo.Address.Generation).ToGatewayUri();
}
