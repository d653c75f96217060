using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Contracts.Membership;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary><c>distattn cluster up</c>: brings the local cluster to a number of silos, and leaves it running.</summary>
internal static class UpCommand
{
    private const int MostSilos = 64;

    public static Verb Create(CliConsole console)
    {
        Option<int?> silos = Parsed.Option<int?>("--silos", "N", "How many silos to have: those that are missing are started. Default: 3.", static text => (int)Parsed.WholeNumber(1, MostSilos)(text));
        Option<int?> basePort = Parsed.Option<int?>("--base-port", "P", $"First of two ports per silo. Default: the first free ones from {FreePorts.DefaultBase} on.", static text => (int)Parsed.WholeNumber(1, 65_000)(text));
        Option<int?> threads = Parsed.Option<int?>("--threads", "N", "Threads that compute in each silo. Default: the cores, shared.", static text => (int)Parsed.WholeNumber(1, 1024)(text));
        Option<string?> storage = Parsed.Option<string?>("--storage", "DIR", "Where sequences are kept, so that they outlive silos. Default: in the cluster's own folder.", static text => Path.GetFullPath(Parsed.FileName(text)));
        Option<bool> inMemory = new("--in-memory") { Description = "Keep sequences nowhere: faster to append to, and what a silo holds is lost with it." };
        Verb verb = new(
            "up",
            "Starts silos on this machine, each a process, and leaves them running. If some run already, starts those that are missing.",
            new Example("three silos", "distattn cluster up --silos 3"));
        verb.Add(silos);
        verb.Add(basePort);
        verb.Add(threads);
        verb.Add(storage);
        verb.Add(inMemory);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            int count = parsed.GetValue(silos) ?? 3;
            LocalCluster cluster = new(StateFolder.OfUser());
            using FolderLock held = cluster.Folder.LockForChange();
            int[] running = [.. cluster.Running().Select(static r => r.Number)];
            int[] missing = [.. Enumerable.Range(1, count).Except(running)];
            if (running.Length == 0)
            {
                cluster.Folder.ForgetMembers(); // silos that were killed with their machine would be waited for
                cluster.Folder.Storage = parsed.GetValue(inMemory) ? null : parsed.GetValue(storage) ?? cluster.Folder.DefaultStorage;
            }
            else if (parsed.GetValue(storage) is { } other && other != cluster.Folder.Storage)
            {
                throw new CliException($"the silos that run keep sequences in {cluster.Folder.Storage ?? "memory only"}; stop them first");
            }

            IReadOnlyList<(int, int)> ports = FreePorts.FromBase(parsed.GetValue(basePort) ?? FreePorts.DefaultBase, parsed.GetValue(basePort) is not null, missing.Length);
            SiloSettings settings = SiloSettings.ForSharing(count, parsed.GetValue(threads)) with { Storage = cluster.Folder.Storage };
            await console.WithProgressAsync(_ => cluster.StartAsync(missing, ports, settings, cancellationToken)).ConfigureAwait(false);

            IReadOnlyList<SiloRecord> all = cluster.Running();
            foreach (SiloRecord silo in all)
            {
                console.WriteLine($"{silo.Name}  process {silo.ProcessId}  gateway 127.0.0.1:{silo.GatewayPort}{(missing.Contains(silo.Number) ? "" : "  (ran already)")}");
            }

            console.Note(cluster.Folder.Storage is { } kept ? $"sequences are kept in {kept}" : "sequences are kept in memory only");
            console.Note($"{Units.Plural(all.Count, "silo")} up, logs in {cluster.Folder.Path}; verbs use them with --cluster 127.0.0.1:{all[0].GatewayPort}");
            return ExitCode.Ok;
        });
        return verb;
    }
}
