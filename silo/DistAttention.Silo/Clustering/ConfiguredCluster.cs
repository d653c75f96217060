using System.Net;
using DistAttention.Contracts.Membership;
using DistAttention.Silo.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using EndpointOptions = DistAttention.Silo.Options.EndpointOptions;

namespace DistAttention.Silo.Clustering;

/// <summary>Translates the silo's options into those of Orleans.</summary>
internal static class ConfiguredCluster
{
    private const string ServiceId = "distattention";

    public static ISiloBuilder UseCluster(this ISiloBuilder silo, ClusteringOptions clustering, EndpointOptions endpoint)
    {
        UseMembers(silo, clustering, endpoint);
        return silo
            .Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = clustering.Id;
                cluster.ServiceId = ServiceId;
            })
            .Configure<ClusterMembershipOptions>(membership =>
            {
                membership.ProbeTimeout = clustering.ProbeTimeout;

                // Also bounds how long a silo that was heard of counts as alive, whatever probes say; the transport's default is four times as much.
                membership.MaxProbeTimeout = clustering.ProbeTimeout;
                membership.NumMissedProbesLimit = clustering.MissedProbes;
                membership.NumVotesForDeathDeclaration = clustering.Votes;
                membership.TableRefreshTimeout = clustering.Refresh;
            })
            .Configure<SiloOptions>(options => options.SiloName = endpoint.Name ?? $"{Environment.MachineName}:{endpoint.SiloPort}")
            .Configure<Orleans.Configuration.EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = IPAddress.Parse(endpoint.Address);
                options.SiloPort = endpoint.SiloPort;
                options.GatewayPort = endpoint.GatewayPort;
                if (endpoint.ListenAddress is { } listen)
                {
                    options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Parse(listen), endpoint.SiloPort);
                    options.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Parse(listen), endpoint.GatewayPort);
                }
            });
    }

    private static void UseMembers(ISiloBuilder silo, ClusteringOptions clustering, EndpointOptions endpoint)
    {
        switch (clustering.Mode)
        {
            case ClusteringMode.File:
                silo.Services.AddFileMembership(Path.GetFullPath(clustering.Folder!));
                break;
            case ClusteringMode.PostgreSql:
                silo.UseAdoNetClustering(options =>
                {
                    options.Invariant = "Npgsql";
                    options.ConnectionString = clustering.ConnectionString;
                });
                break;
            case ClusteringMode.Development:
                silo.UseDevelopmentClustering(new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.SiloPort));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(clustering), clustering.Mode, "Not a clustering mode.");
        }
    }
}
