using System.CommandLine;
using DistAttention.Cli.Bench;
using DistAttention.Cli.Cluster.Bench;
using DistAttention.Cli.Cluster.Moving;
using DistAttention.Cli.Cluster.Tokens;
using DistAttention.Cli.Cluster.Verbs;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Shell;

internal static partial class Verbs
{
    static partial void AddClusterVerbs(RootCommand root, CliConsole console)
    {
        root.Add(ClusterCommand.Create(console));
        root.Add(DrainCommand.Create(console));
        root.Add(RebalanceCommand.Create(console));
        root.Add(TokenCommand.Create(console));
        root.Subcommands.Single(static verb => verb.Name == BenchCommand.Name).Add(ClusterBenchCommand.Create(console));
    }
}
