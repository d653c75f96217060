using System.Diagnostics;
using System.Net.NetworkInformation;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary>The same work wherever it runs: prefill over all rows, full and causal; an append; decode steps over it.</summary>
internal sealed class BenchWork(BenchSettings settings)
{
    private const int SliceRows = 4096;
    private const int DecodeSteps = 15;
    private static readonly TimeSpan _timeout = TimeSpan.FromHours(1);

    /// <param name="host">Who computes.</param>
    /// <param name="bytesBySilo">Bytes that silos have exchanged so far.</param>
    /// <param name="steps">Told how far it is.</param>
    /// <param name="name">Of the place, for the steps.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<Measured> RunAsync(
        IAttentionHost host, Func<Task<IReadOnlyList<(string Silo, long Bytes)>>> bytesBySilo, ProgressSteps steps, string name, CancellationToken cancellationToken)
    {
        IAttentionSequence prefill = await host.Client.CreateSequenceAsync("bench/prefill", settings.PrefillSpec, cancellationToken).ConfigureAwait(false);
        await AppendAsync(prefill, settings.PrefillRows, null, cancellationToken).ConfigureAwait(false);
        float[] q = Uniform(settings.PrefillRows * RowLength(settings.PrefillSpec), 1);
        float[] o = new float[q.Length];
        float[] lse = new float[settings.PrefillRows * settings.PrefillSpec.NumHeadsQ];
        int warmUp = RowLength(settings.PrefillSpec) * Math.Min(settings.PrefillRows, 512);
        await prefill.AttendAsync(q.AsMemory(0, warmUp), o.AsMemory(0, warmUp), default, Options(AttentionMask.Causal), cancellationToken).ConfigureAwait(false);
        Prefill full = await MeasureAsync(AttentionMask.Full).ConfigureAwait(false);
        Prefill causal = await MeasureAsync(AttentionMask.Causal).ConfigureAwait(false);
        await host.Client.DeleteSequenceAsync("bench/prefill", cancellationToken).ConfigureAwait(false);

        IAttentionSequence decode = await host.Client.CreateSequenceAsync("bench/decode", settings.DecodeSpec, cancellationToken).ConfigureAwait(false);
        ProgressStep appending = steps.Start($"{name}: append", settings.DecodePositions, "positions");
        TimeSpan append = await AppendAsync(decode, settings.DecodePositions, appending, cancellationToken).ConfigureAwait(false);
        TimeSpan step = await DecodeAsync(decode, steps.Start($"{name}: decode", DecodeSteps, "steps"), cancellationToken).ConfigureAwait(false);
        await host.Client.DeleteSequenceAsync("bench/decode", cancellationToken).ConfigureAwait(false);
        return new Measured
        {
            Full = full,
            Causal = causal,
            Decode = step,
            Append = append,
            AppendBytes = 2L * settings.DecodePositions * KvRowLength(settings.DecodeSpec) * sizeof(float),
        };

        async Task<Prefill> MeasureAsync(AttentionMask mask)
        {
            AttendOptions options = Options(mask) with { Progress = steps.Start($"{name}: prefill, {mask}", settings.PrefillRows, "rows") };
            AttentionPlan plan = await prefill.ExplainAsync(settings.PrefillRows, options, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<(string Silo, long Bytes)> before = await bytesBySilo().ConfigureAwait(false);
            long network = LoopbackBytes();
            long started = Stopwatch.GetTimestamp();
            await prefill.AttendAsync(q, o, lse, options, cancellationToken).ConfigureAwait(false);
            TimeSpan time = Stopwatch.GetElapsedTime(started);
            network = LoopbackBytes() - network;
            IReadOnlyList<(string Silo, long Bytes)> after = await bytesBySilo().ConfigureAwait(false);
            return new Prefill(
                time,
                network,
                PlannedBytes.Of(plan, settings.PrefillSpec),
                [.. after.Join(before, static a => a.Silo, static b => b.Silo, static (a, b) => (a.Silo, a.Bytes - b.Bytes))]);
        }
    }

    private static async Task<TimeSpan> AppendAsync(IAttentionSequence sequence, int positions, ProgressStep? step, CancellationToken cancellationToken)
    {
        int row = KvRowLength(sequence.Spec);
        float[] k = Uniform(Math.Min(positions, SliceRows) * row, 2); // the same for every slice: making them is not what is measured
        float[] v = Uniform(Math.Min(positions, SliceRows) * row, 3);
        long started = Stopwatch.GetTimestamp();
        for (int first = 0; first < positions; first += SliceRows)
        {
            int rows = Math.Min(SliceRows, positions - first);
            await sequence.AppendAsync(k.AsMemory(0, rows * row), v.AsMemory(0, rows * row), null, cancellationToken).ConfigureAwait(false);
            step?.Report(first + rows);
        }

        return Stopwatch.GetElapsedTime(started);
    }

    private static async Task<TimeSpan> DecodeAsync(IAttentionSequence sequence, ProgressStep step, CancellationToken cancellationToken)
    {
        const int warmUps = 3;
        float[] q = Uniform(RowLength(sequence.Spec), 4);
        List<TimeSpan> times = [];
        for (int i = -warmUps; i < DecodeSteps; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await sequence.AttendAsync(q, Options(AttentionMask.Causal), cancellationToken).ConfigureAwait(false);
            if (i >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(started));
                step.Report(times.Count);
            }
        }

        times.Sort();
        return times[times.Count / 2];
    }

    private static AttendOptions Options(AttentionMask mask) => new() { Mask = mask, Timeout = _timeout };

    private static int RowLength(SequenceSpec spec) => spec.NumHeadsQ * spec.HeadDim;

    private static int KvRowLength(SequenceSpec spec) => spec.NumHeadsKv * spec.HeadDim;

    private static float[] Uniform(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (random.NextSingle() * 2) - 1;
        }

        return values;
    }

    private static long LoopbackBytes() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(static n => n.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            .Sum(static n => n.GetIPStatistics().BytesReceived);
}
