using System.Diagnostics;
using System.Net.NetworkInformation;
using DistAttention.Cli.Connecting;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary>Somewhere that the same work is measured: prefill over all rows, decode steps, an append.</summary>
internal sealed class BenchPlace
{
    private const int DecodeSteps = 15;
    private static readonly TimeSpan _timeout = TimeSpan.FromHours(1);

    private readonly BenchSettings _settings;
    private readonly IAttentionClient _client;
    private readonly BenchInputs _inputs;
    private readonly Dictionary<AttentionMask, IAttentionSequence> _prefill = [];
    private IAttentionSequence _decode = null!;

    private BenchPlace(BenchSettings settings, IAttentionClient client, BenchInputs inputs)
    {
        _settings = settings;
        _client = client;
        _inputs = inputs;
    }

    /// <summary>Appends what is attended to, and does everything once: the first calls of a process are not what is measured.</summary>
    public static async Task<BenchPlace> PrepareAsync(BenchSettings settings, IAttentionHost host, BenchInputs inputs, CancellationToken cancellationToken)
    {
        BenchPlace place = new(settings, host.Client, inputs);
        foreach (AttentionMask mask in (AttentionMask[])[AttentionMask.Full, AttentionMask.Causal])
        {
            place._prefill[mask] = await host.Client.CreateSequenceAsync($"bench/prefill-{mask}", settings.PrefillFor(mask), cancellationToken).ConfigureAwait(false);
            await place.AppendAsync(place._prefill[mask], settings.PrefillRows, cancellationToken).ConfigureAwait(false);
        }

        place._decode = await host.Client.CreateSequenceAsync("bench/decode", settings.DecodeSpec, cancellationToken).ConfigureAwait(false);
        await place.AppendAsync(place._decode, settings.DecodePositions, cancellationToken).ConfigureAwait(false);
        await place.PrefillAsync(AttentionMask.Causal, cancellationToken).ConfigureAwait(false);
        await place.DecodeAsync(cancellationToken).ConfigureAwait(false);
        return place;
    }

    /// <summary>Attends with every row once.</summary>
    public async Task<TimeSpan> PrefillAsync(AttentionMask mask, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await _prefill[mask].AttendAsync(_inputs.Q, _inputs.O, _inputs.Lse, Options(mask), cancellationToken).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>One decode step: the median of some.</summary>
    public async Task<TimeSpan> DecodeAsync(CancellationToken cancellationToken)
    {
        TimeSpan[] times = new TimeSpan[DecodeSteps];
        for (int i = 0; i < DecodeSteps; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await _decode.AttendAsync(_inputs.Q[..(_settings.DecodeSpec.NumHeadsQ * _settings.DecodeSpec.HeadDim)], Options(AttentionMask.Causal), cancellationToken).ConfigureAwait(false);
            times[i] = Stopwatch.GetElapsedTime(started);
        }

        Array.Sort(times);
        return times[DecodeSteps / 2];
    }

    /// <summary>Appends the positions of a decode sequence to a new one.</summary>
    public async Task<TimeSpan> AppendAsync(CancellationToken cancellationToken)
    {
        IAttentionSequence sequence = await _client.CreateSequenceAsync("bench/append", _settings.DecodeSpec, cancellationToken).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        await AppendAsync(sequence, _settings.DecodePositions, cancellationToken).ConfigureAwait(false);
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        await _client.DeleteSequenceAsync("bench/append", cancellationToken).ConfigureAwait(false);
        return time;
    }

    /// <summary>Bytes that cross the loopback network during a prefill, everybody's on this machine, and what its plan needs.</summary>
    public async Task<(long Network, long Planned)> PrefillBytesAsync(AttentionMask mask, CancellationToken cancellationToken)
    {
        AttentionPlan plan = await _prefill[mask].ExplainAsync(_settings.PrefillRows, Options(mask), cancellationToken).ConfigureAwait(false);
        long before = LoopbackBytes();
        await PrefillAsync(mask, cancellationToken).ConfigureAwait(false);
        return (LoopbackBytes() - before, PlannedBytes.Of(plan, _settings.PrefillSpec));
    }

    private async Task AppendAsync(IAttentionSequence sequence, int positions, CancellationToken cancellationToken)
    {
        int row = sequence.Spec.NumHeadsKv * sequence.Spec.HeadDim;
        for (int first = 0; first < positions; first += BenchInputs.SliceRows)
        {
            int values = Math.Min(BenchInputs.SliceRows, positions - first) * row;
            await sequence.AppendAsync(_inputs.K[..values], _inputs.V[..values], null, cancellationToken).ConfigureAwait(false);
        }
    }

    private static AttendOptions Options(AttentionMask mask) => new() { Mask = mask, Timeout = _timeout };

    private static long LoopbackBytes() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(static n => n.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            .Sum(static n => n.GetIPStatistics().BytesReceived);
}
