using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary><c>distattn cluster</c>: silos on this machine.</summary>
internal static class ClusterCommand
{
    public static Verb Create(CliConsole console)
    {
        Verb verb = new(
            "cluster",
            "Runs silos on this machine: up, status, kill, down.",
            new Example("three silos, and attention on them", "distattn cluster up --silos 3"),
            new Example("what each of them holds", "distattn cluster status"),
            new Example("how the others take the loss of one", "distattn cluster kill silo-2"));
        verb.Add(UpCommand.Create(console));
        verb.Add(StatusCommand.Create(console));
        verb.Add(KillCommand.Create(console));
        verb.Add(DownCommand.Create(console));
        return verb;
    }
}
