using System.CommandLine;
using System.Net;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Cluster.Connecting;
using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Client;
using DistAttention.Contracts;

namespace DistAttention.Cli.Cluster.Moving;

/// <summary>Has shards moved, and shows how it goes on until it is over.</summary>
internal sealed class MovingRun(CliConsole console)
{
    /// <summary>A silo that conducts a run may be stopped itself: another one then plans over what is left.</summary>
    private const int MostRuns = 5;

    private static readonly TimeSpan _betweenQuestions = TimeSpan.FromMilliseconds(200);

    private readonly Option<EndPoint?> _cluster = Parsed.Option<EndPoint?>("--cluster", "HOST:PORT", "Any gateway of another cluster. Default: the cluster of 'distattn cluster up'.", static text => ClusterConnector.Gateway(text));
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Print what would be moved, and move nothing." };
    private readonly Option<bool> _json = new("--json") { Description = "The moves and what each silo has then, as JSON on stdout." };
    private readonly ClusterCredentials _credentials = new();

    public void AddTo(Verb verb)
    {
        foreach (Option option in (Option[])[_cluster, .. _credentials.Options, _dryRun, _json])
        {
            verb.Add(option);
        }
    }

    public async Task<int> RunAsync(RebalanceCall call, ParseResult parsed, CancellationToken cancellationToken)
    {
        call = call with { DryRun = parsed.GetValue(_dryRun) };
        DistAttentionClient client = parsed.GetValue(_cluster) is { } gateway
            ? await ClusterConnector.ConnectClientAsync(gateway, options => _credentials.ApplyTo(options, parsed), cancellationToken).ConfigureAwait(false)
            : await OfUserAsync(cancellationToken).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            RebalanceView view = call.DryRun
                ? await client.StartRebalanceAsync(call, cancellationToken).ConfigureAwait(false)
                : await console.WithProgressAsync(steps => MoveAsync(client, call, steps, cancellationToken)).ConfigureAwait(false);
            if (parsed.GetValue(_json))
            {
                console.WriteJson(MovesReport.ToJson(view, call.DryRun));
            }
            else
            {
                MovesReport.Write(console, view, call.DryRun);
            }

            return view.Problem is null ? ExitCode.Ok : throw new CliException(view.Problem);
        }
    }

    private static async Task<DistAttentionClient> OfUserAsync(CancellationToken cancellationToken)
    {
        LocalCluster cluster = new(StateFolder.OfUser());
        return cluster.Running().Count > 0
            ? await cluster.ConnectAsync(null, cancellationToken).ConfigureAwait(false)
            : throw new CliException("no local cluster runs; --cluster HOST:PORT names another one");
    }

    private static async Task<RebalanceView> MoveAsync(DistAttentionClient client, RebalanceCall call, ProgressSteps steps, CancellationToken cancellationToken)
    {
        for (int run = 1; ; run++)
        {
            RebalanceView? view = await client.StartRebalanceAsync(call, cancellationToken).ConfigureAwait(false);
            Guid id = view.Run;
            ProgressStep? step = null;
            while (view is { IsOver: false })
            {
                await Task.Delay(_betweenQuestions, cancellationToken).ConfigureAwait(false);
                view = await client.GetRebalanceAsync(id, cancellationToken).ConfigureAwait(false);
                if (view is { Planned: > 0 })
                {
                    step ??= steps.Start("moving", view.Planned, "shards");
                    step.Report(new AttentionProgress(Math.Min(view.Done + view.Left, view.Planned), view.Planned));
                }
            }

            if (view is not null)
            {
                return view;
            }

            if (run == MostRuns)
            {
                throw new CliException("the silos that moved shards were stopped over it; what was moved stays moved");
            }
        }
    }
}
