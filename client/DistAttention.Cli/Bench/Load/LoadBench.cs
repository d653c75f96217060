using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Bench.Load;

/// <summary>
/// Calls of one kind: how many a second are answered at best, what is left of that when ten times as many are made, and what a modest caller
/// gets beside one who makes them.
/// </summary>
internal sealed class LoadBench
{
    private const int Overload = 10;
    private const double ModestShare = 0.3; // of what is answered at best
    private const double MegaByte = 1 << 20;

    private readonly LoadSettings _settings;
    private readonly IAttentionHost _host;
    private readonly string _name;
    private readonly float[] _q;

    private LoadBench(LoadSettings settings, IAttentionHost host, string name, int rows)
    {
        _settings = settings;
        _host = host;
        _name = name;
        _q = NormalData.Make(3, 0, (long)rows * settings.Spec.NumHeadsQ * settings.Spec.HeadDim);
    }

    /// <summary>Runs it.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(LoadSettings settings, IAttentionHost host, ProgressSteps steps, CancellationToken cancellationToken)
    {
        SequenceSpec spec = settings.Spec;
        IAttentionSequence sequence = await host.Client.CreateSequenceAsync("bench/load", spec, cancellationToken).ConfigureAwait(false);
        int row = spec.NumHeadsKv * spec.HeadDim;
        float[] k = NormalData.Make(1, 0, (long)settings.Positions * row);
        float[] v = NormalData.Make(2, 0, (long)settings.Positions * row);
        await sequence.AppendAsync(k, v, cancellationToken: cancellationToken).ConfigureAwait(false);
        List<BenchRow> rows = [];
        (string Name, int Rows)[] kinds = [("decode steps", 1), ("calls of 64 rows", 64)];
        ProgressStep step = steps.Start("measure", kinds.Length, "kinds of calls");
        foreach ((string name, int queries) in kinds)
        {
            rows.AddRange(await new LoadBench(settings, host, name, queries).RunAsync(cancellationToken).ConfigureAwait(false));
            step.Report(rows.Count / 2);
        }

        await Sequences.DeleteQuietlyAsync(host.Client, "bench/load").ConfigureAwait(false);
        return rows;
    }

    private async Task<IReadOnlyList<BenchRow>> RunAsync(CancellationToken cancellationToken)
    {
        await using IAttentionClient floodClient = await _host.OtherClientAsync("flood", cancellationToken).ConfigureAwait(false);
        await using IAttentionClient modestClient = await _host.OtherClientAsync("modest", cancellationToken).ConfigureAwait(false);
        LoadCaller flood = await CallerAsync(floodClient, cancellationToken).ConfigureAwait(false);
        LoadCaller modest = await CallerAsync(modestClient, cancellationToken).ConfigureAwait(false);
        double peak = await PeakAsync(flood, cancellationToken).ConfigureAwait(false);

        // The machine may be slower or faster than a moment ago: what is best is measured before and after, and the mean counts.
        long memory = Memory();
        LoadOutcome overloaded = await flood.OpenAsync(peak * Overload, _settings.Time, cancellationToken).ConfigureAwait(false);
        long growth = Memory() - memory;
        double best = (peak + await PeakAsync(flood, cancellationToken).ConfigureAwait(false)) / 2;

        Task<LoadOutcome> beside = flood.OpenAsync(best * Overload, _settings.Time, cancellationToken);
        LoadOutcome modestly = await modest.OpenAsync(best * ModestShare, _settings.Time, cancellationToken).ConfigureAwait(false);
        LoadOutcome flooding = await beside.ConfigureAwait(false);
        return
        [
            new BenchRow($"{_name}, {Overload} × as many", overloaded.Goodput / best, "of the calls a second answered at best", Goal.AtLeast(0.8))
            {
                Also =
                [
                    new BenchRow($"{_name}: at best", best, "a second"),
                    new BenchRow($"{_name}: let in and late", overloaded.Missed, "let in and late", Goal.AtMost(0)),
                    new BenchRow($"{_name}: refused", overloaded.Refused / (double)overloaded.Offered, "of all refused"),
                    new BenchRow($"{_name}: under way at a time", overloaded.MostWaiting, "under way at most"),
                    new BenchRow($"{_name}: memory", growth / MegaByte, "MiB more memory", Goal.AtMost(64)),
                ],
            },
            new BenchRow($"{_name}, a caller who makes {ModestShare:0.#} × beside {Overload} ×", modestly.AnsweredShare, "of its calls answered", Goal.AtLeast(0.95))
            {
                Also =
                [
                    new BenchRow($"{_name}: its late ones", modestly.Missed + flooding.Missed, "let in and late", Goal.AtMost(0)),
                    new BenchRow($"{_name}: together", (modestly.Goodput + flooding.Goodput) / best, "of the best together", Goal.AtLeast(0.8)),
                ],
            },
        ];
    }

    private async Task<LoadCaller> CallerAsync(IAttentionClient client, CancellationToken cancellationToken)
    {
        IAttentionSequence sequence = await client.OpenSequenceAsync("bench/load", cancellationToken).ConfigureAwait(false);
        return new LoadCaller(sequence, _q, new AttendOptions { Mask = AttentionMask.Full, Timeout = _settings.Deadline });
    }

    /// <summary>The best of some numbers of calls at a time.</summary>
    private async Task<double> PeakAsync(LoadCaller caller, CancellationToken cancellationToken)
    {
        double peak = 0;
        foreach (int atATime in (int[])[_host.Threads, 2 * _host.Threads, 4 * _host.Threads])
        {
            LoadOutcome outcome = await caller.ClosedAsync(atATime, _settings.Time / 3, cancellationToken).ConfigureAwait(false);
            peak = Math.Max(peak, outcome.Goodput);
        }

        return peak;
    }

    /// <summary>Bytes of this process that are in use.</summary>
    private static long Memory()
    {
        GC.Collect();
        return Environment.WorkingSet;
    }
}
