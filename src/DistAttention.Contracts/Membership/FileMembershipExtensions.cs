using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Messaging;

namespace DistAttention.Contracts.Membership;

/// <summary>Puts a cluster's membership into a folder.</summary>
public static class FileMembershipExtensions
{
    /// <summary>A silo's side: reads and writes the members.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="folder">The folder; the same one for every silo and client.</param>
    public static IServiceCollection AddFileMembership(this IServiceCollection services, string folder) =>
        services.Configure<FileMembershipOptions>(options => options.Folder = folder).AddSingleton<IMembershipTable, FileMembershipTable>();

    /// <summary>A client's side: finds the gateways.</summary>
    /// <param name="services">The client's services.</param>
    /// <param name="folder">The folder; the same one for every silo and client.</param>
    public static IServiceCollection AddFileGateways(this IServiceCollection services, string folder) =>
        services.Configure<FileMembershipOptions>(options => options.Folder = folder).AddSingleton<IGatewayListProvider, FileGatewayListProvider>();
}
