using System.Diagnostics;
using System.Runtime.InteropServices;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using DistAttention.Grains;
using Orleans;
using Orleans.Runtime;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>
/// Runs queries that the dashboard asks for, on any sequence of the cluster: their plan beside what happened, and where their attention goes. The
/// query rows are the last ones that a client asked, for mass, or random, the same for the same seed.
/// </summary>
internal sealed class Probe(IAttentionClient client, IGrainFactory grains, IClusterLoads loads)
{
    public const int MaxRows = 2048;
    public const int MaxMassRows = 64;
    public const int MaxBins = 256;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(20);

    /// <summary>The plan of a call, and what a call that followed it did.</summary>
    public async Task<object> ExplainAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        RequestContext.Set(CallHeaders.Probe, true);
        IAttentionSequence sequence = await client.OpenSequenceAsync(new SequenceId(request.Sequence), cancellationToken).ConfigureAwait(false);
        int rows = Math.Clamp(request.Rows, 1, MaxRows);
        SequenceInfo info = await sequence.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        AttendOptions options = new() { Mask = AttentionMask.Parse(request.Mask), Timeout = _timeout, Length = info.Length };
        AttentionPlan plan = await sequence.ExplainAsync(rows, options, cancellationToken).ConfigureAwait(false);
        TimeSpan? took = null;
        AttentionSummary? summary = null;
        if (request.Run && info.Length > 0)
        {
            float[] q = Queries(sequence.Spec, rows, request.Seed);
            float[] o = new float[rows * sequence.Spec.NumHeadsQ * sequence.Spec.HeadDimV];
            long started = Stopwatch.GetTimestamp();
            summary = await sequence.AttendAsync(q, o, default, options, cancellationToken).ConfigureAwait(false);
            took = Stopwatch.GetElapsedTime(started);
            plan = plan.With(summary.Value);
        }

        return PlanPicture.Of(plan, sequence.Spec, rows, summary, took);
    }

    /// <summary>Where the attention of some rows goes: [rows, bins], the mean of the heads, and [heads, bins], the mean of the rows.</summary>
    public async Task<object> MassAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        RequestContext.Set(CallHeaders.Probe, true);
        IAttentionSequence sequence = await client.OpenSequenceAsync(new SequenceId(request.Sequence), cancellationToken).ConfigureAwait(false);
        QuerySample? asked = request.Latest ? await LatestAsync(request.Sequence, sequence.Spec, cancellationToken).ConfigureAwait(false) : null;
        int rows = asked?.Rows ?? Math.Clamp(request.Rows, 1, MaxMassRows);
        float[] q = asked is null ? Queries(sequence.Spec, rows, request.Seed) : MemoryMarshal.Cast<byte, float>(asked.Q).ToArray();
        int heads = sequence.Spec.NumHeadsQ;
        AttentionMassOptions options = new() { Mask = AttentionMask.Parse(request.Mask), Bins = Math.Clamp(request.Bins, 1, MaxBins), TopK = 1, Timeout = _timeout, FirstQueryPosition = asked?.FirstQueryPosition };
        long started = Stopwatch.GetTimestamp();
        AttentionMass mass = await sequence.AttentionMassAsync(q, options, cancellationToken).ConfigureAwait(false);
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        ReadOnlyMemory<float> bins = mass.BinMass;
        return new
        {
            AskedSecondsAgo = asked?.Age,
            mass.Rows,
            Heads = heads,
            mass.Bins,
            mass.Snapshot.Length,
            TookMs = took.TotalMilliseconds,
            ByRow = Means(bins.Span, rows, heads, mass.Bins, ofHeads: true),
            ByHead = Means(bins.Span, rows, heads, mass.Bins, ofHeads: false),
            Top = Enumerable.Range(0, rows).Select(row => new
            {
                Position = mass.TopPositions.Span[row * heads],
                Weight = mass.TopWeights.Span[row * heads],
            }),
        };
    }

    /// <summary>The rows that a client asked last, if they are known and of the sequence's shape.</summary>
    private async Task<QuerySample?> LatestAsync(string name, SequenceSpec spec, CancellationToken cancellationToken)
    {
        SequenceHandle handle = await grains.GetGrain<ISequenceGrain>(name).OpenAsync(cancellationToken).ConfigureAwait(false);
        QuerySample? asked = await loads.NewestQueryAsync(handle.Uid).ConfigureAwait(false);
        return asked?.Q.Length == (long)(asked?.Rows ?? 0) * spec.NumHeadsQ * spec.HeadDim * sizeof(float) ? asked : null;
    }

    /// <summary>Normal numbers of variance 1 [rows, heads, headDim].</summary>
    private static float[] Queries(SequenceSpec spec, int rows, int seed)
    {
        Random random = new(seed);
        float[] q = new float[rows * spec.NumHeadsQ * spec.HeadDim];
        for (int i = 0; i < q.Length; i++)
        {
            q[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())); // Box and Muller, 1958
        }

        return q;
    }

    private static float[] Means(ReadOnlySpan<float> mass, int rows, int heads, int bins, bool ofHeads)
    {
        float[] means = new float[(ofHeads ? rows : heads) * bins];
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                ReadOnlySpan<float> from = mass.Slice(((row * heads) + head) * bins, bins);
                Span<float> to = means.AsSpan((ofHeads ? row : head) * bins, bins);
                for (int bin = 0; bin < bins; bin++)
                {
                    to[bin] += from[bin] / (ofHeads ? heads : rows);
                }
            }
        }

        return means;
    }
}

/// <summary>What the dashboard asks for.</summary>
internal sealed record ProbeRequest
{
    /// <summary>The sequence's name.</summary>
    public string Sequence { get; init; } = "";

    /// <summary>Query rows.</summary>
    public int Rows { get; init; } = 1;

    /// <summary>The mask, as text.</summary>
    public string Mask { get; init; } = "full";

    /// <summary>Whether to run the query too.</summary>
    public bool Run { get; init; }

    /// <summary>Whether to take the rows that a client asked last, where they are known.</summary>
    public bool Latest { get; init; }

    /// <summary>Bins of positions.</summary>
    public int Bins { get; init; } = 128;

    /// <summary>Of the query rows.</summary>
    public int Seed { get; init; } = 1;
}
