using System.CommandLine;
using System.Globalization;
using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary><c>distattn cluster kill</c>: kill −9 of one silo, to see how the others take it.</summary>
internal static class KillCommand
{
    public static Verb Create(CliConsole console)
    {
        Argument<string> name = new("silo") { Description = "Its name, as status prints it: silo-2. Its number or process id will do." };
        Verb verb = new("kill", "Kills a silo with SIGKILL: nothing is drained, nobody is told.", new Example("how the others take it", "distattn cluster kill silo-2"));
        verb.Add(name);
        verb.SetAction(parsed =>
        {
            LocalCluster cluster = new(StateFolder.OfUser());
            string given = parsed.GetRequiredValue(name);
            SiloRecord silo = cluster.Folder.Records().FirstOrDefault(record => IsMeant(record, given))
                ?? throw new CliException(Unknown(given, cluster.Running()));
            if (!LocalCluster.Kill(silo))
            {
                throw new CliException($"{silo.Name} does not run");
            }

            console.Note($"killed {silo.Name}, process {silo.ProcessId}");
            return ExitCode.Ok;
        });
        return verb;
    }

    private static bool IsMeant(SiloRecord record, string given) =>
        given == record.Name
        || given == record.Number.ToString(CultureInfo.InvariantCulture)
        || given == record.ProcessId.ToString(CultureInfo.InvariantCulture);

    private static string Unknown(string given, IReadOnlyList<SiloRecord> running) =>
        running.Count == 0
            ? "no local cluster runs"
            : $"there is no silo '{given}'; there are {string.Join(", ", running.Select(static r => r.Name))}";
}
