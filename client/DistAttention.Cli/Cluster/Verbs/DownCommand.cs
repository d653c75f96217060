using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Contracts.Membership;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary><c>distattn cluster down</c>: stops the local cluster.</summary>
internal static class DownCommand
{
    public static Verb Create(CliConsole console)
    {
        Verb verb = new("down", "Stops the silos of this machine: asks them first, and kills those that do not end.", new Example("the end", "distattn cluster down"));
        verb.SetAction(async (_, cancellationToken) =>
        {
            LocalCluster cluster = new(StateFolder.OfUser());
            int running = cluster.Running().Count;
            if (cluster.Folder.Records().Count == 0)
            {
                console.Note("no local cluster runs");
                return ExitCode.Ok;
            }

            using FolderLock held = cluster.Folder.LockForChange();
            IReadOnlyList<SiloRecord> killed = await console.WithProgressAsync(_ => cluster.StopAsync(cancellationToken)).ConfigureAwait(false);
            console.Note($"{Units.Plural(running, "silo")} stopped{(killed.Count > 0 ? $", {string.Join(" and ", killed.Select(static k => k.Name))} by force" : "")}");
            return ExitCode.Ok;
        });
        return verb;
    }
}
