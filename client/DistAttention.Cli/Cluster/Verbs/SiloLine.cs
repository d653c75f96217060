using DistAttention.Cli.Cluster.Local;
using DistAttention.Contracts;
using Orleans.Runtime;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary>One silo of the status.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="State">"active", "joining", …; "drained": it gets nothing new; "lost": its process is gone, and the others have not noticed yet; "dead": they have.</param>
/// <param name="Gateway">Where clients connect.</param>
/// <param name="Holds">What it says of itself; null if it says nothing.</param>
internal sealed record SiloLine(string Name, int ProcessId, string State, string Gateway, SiloReport? Holds)
{
    private const string Drained = "drained";

    public static SiloLine Of(SiloReport report) => new(report.Name, report.ProcessId, report.Leaves ? Drained : "active", report.Gateway, report);

    public static SiloLine Of(SiloRecord record, bool runs, SiloStatus status, SiloReport? report) =>
        new(record.Name, record.ProcessId, runs && status == SiloStatus.Active && report is { Leaves: true } ? Drained : StateOf(runs, status), $"127.0.0.1:{record.GatewayPort}", report);

    private static string StateOf(bool runs, SiloStatus status) => (runs, status) switch
    {
        (false, SiloStatus.Dead or SiloStatus.None) => "dead",
        (false, _) => "lost",
        (true, SiloStatus.None) => "starting",
        (true, _) => status.ToString().ToLowerInvariant(),
    };
}
