using DistAttention.Cli.Cluster.Connecting;

namespace DistAttention.Cli.Connecting;

internal sealed partial class ConnectionArguments
{
    static partial void AddConnector(int silosUnlessTold, ref IConnector? connector) => connector = new ClusterConnector(silosUnlessTold);
}
