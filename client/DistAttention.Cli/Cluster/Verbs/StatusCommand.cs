using System.CommandLine;
using System.Net;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Cluster.Connecting;
using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using Orleans.Runtime;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary><c>distattn cluster status</c>: which silos there are and what each holds.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    public static Verb Create(CliConsole console)
    {
        Option<EndPoint?> other = Parsed.Option<EndPoint?>("--cluster", "HOST:PORT", "Any gateway of another cluster. Default: the cluster of 'distattn cluster up'.", static text => ClusterConnector.Gateway(text));
        Option<bool> json = new("--json") { Description = "The same as JSON on stdout." };
        Verb verb = new("status", "Shows the silos of a cluster, with the shards, positions and bytes that each holds.", new Example("for a program", "distattn cluster status --json"));
        verb.Add(other);
        ClusterCredentials credentials = new();
        foreach (Option detail in credentials.Options)
        {
            verb.Add(detail);
        }

        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            IReadOnlyList<SiloLine> lines = parsed.GetValue(other) is { } gateway
                ? await OfOtherAsync(gateway, options => credentials.ApplyTo(options, parsed), cancellationToken).ConfigureAwait(false)
                : await OfUserAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                console.WriteJson(StatusTable.ToJson(lines));
            }
            else if (lines.Count > 0)
            {
                StatusTable.Write(console.Out, lines);
            }
            else
            {
                console.Note("no local cluster runs; 'distattn cluster up' starts one");
            }

            return ExitCode.Ok;
        });
        return verb;
    }

    private static async Task<IReadOnlyList<SiloLine>> OfOtherAsync(EndPoint gateway, Action<DistAttentionClientOptions> configure, CancellationToken cancellationToken)
    {
        IReadOnlyList<SiloReport> reports = await ReportsAsync(
            ClusterConnector.ConnectClientAsync(gateway, configure, cancellationToken), cancellationToken).ConfigureAwait(false);
        return [.. reports.Select(static report => SiloLine.Of(report))];
    }

    /// <summary>What runs is known from the processes, what is thought of it from the members' file, and what it holds from itself.</summary>
    private static async Task<IReadOnlyList<SiloLine>> OfUserAsync(CancellationToken cancellationToken)
    {
        LocalCluster cluster = new(StateFolder.OfUser());
        IReadOnlyList<SiloRecord> records = cluster.Folder.Records();
        IReadOnlyList<ClusterMember> members = ClusterMembers.Read(cluster.Folder.Path);
        IReadOnlyList<SiloReport> reports = records.Any(LocalCluster.IsRunning)
            ? await ReportsAsync(cluster.ConnectAsync(null, cancellationToken), cancellationToken).ConfigureAwait(false)
            : [];
        return [.. records.Select(record => SiloLine.Of(
            record,
            LocalCluster.IsRunning(record),
            members.LastOrDefault(member => member.Address.Endpoint.Port == record.SiloPort)?.Status ?? SiloStatus.None,
            reports.FirstOrDefault(report => report.ProcessId == record.ProcessId)))];
    }

    private static async Task<IReadOnlyList<SiloReport>> ReportsAsync(Task<DistAttentionClient> connecting, CancellationToken cancellationToken)
    {
        DistAttentionClient client = await connecting.ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            try
            {
                return await client.GetClusterReportAsync(cancellationToken).WaitAsync(_patience, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException error)
            {
                throw new CliException($"the cluster does not say what it holds within {Units.Duration(_patience)}", error);
            }
        }
    }
}
