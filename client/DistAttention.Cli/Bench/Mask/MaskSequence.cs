using DistAttention.Cli.Bench.Measuring;
using DistAttention.Engine;

namespace DistAttention.Cli.Bench.Mask;

/// <summary>An embedded engine with one sequence of unit-normal rows of one head size, and as many queries, for any mask.</summary>
internal sealed class MaskSequence : IAsyncDisposable
{
    private const int HeadDim = 64;
    private const int RowsPerAppend = 8192;

    private readonly EmbeddedAttention _client;
    private readonly IAttentionSequence _sequence;
    private readonly float[] _q;
    private readonly float[] _output;
    private readonly float[] _lse;

    private MaskSequence(EmbeddedAttention client, IAttentionSequence sequence, int positions, int heads)
    {
        _client = client;
        _sequence = sequence;
        Positions = positions;
        Heads = heads;
        _q = NormalData.Make(LoadedSequence.QuerySeed, 0, (long)positions * heads * HeadDim);
        _output = new float[_q.Length];
        _lse = new float[positions * heads];
    }

    public int Positions { get; }

    public int Heads { get; }

    public static async Task<MaskSequence> LoadAsync(int positions, int heads, int threads, CancellationToken cancellationToken)
    {
        EmbeddedAttention client = new(new EmbeddedOptions { ComputeThreads = threads });
        SequenceSpec spec = new() { NumHeadsQ = heads, NumHeadsKv = heads, HeadDim = HeadDim };
        IAttentionSequence sequence = await client.CreateSequenceAsync("bench", spec, cancellationToken).ConfigureAwait(false);
        int row = heads * HeadDim;
        for (int first = 0; first < positions; first += RowsPerAppend)
        {
            long count = Math.Min(RowsPerAppend, positions - first) * (long)row;
            await sequence.AppendAsync(
                NormalData.Make(LoadedSequence.KeySeed, (long)first * row, count),
                NormalData.Make(LoadedSequence.ValueSeed, (long)first * row, count),
                cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        return new MaskSequence(client, sequence, positions, heads);
    }

    /// <summary>Attends with some rows, which stand at their own positions.</summary>
    public Task<AttentionSummary> AttendAsync(AttentionMask mask, int firstRow, int rows, CancellationToken cancellationToken) => _sequence.AttendAsync(
        _q.AsMemory(firstRow * Heads * HeadDim, rows * Heads * HeadDim),
        _output.AsMemory(firstRow * Heads * HeadDim, rows * Heads * HeadDim),
        _lse.AsMemory(firstRow * Heads, rows * Heads),
        new AttendOptions { Mask = mask, FirstQueryPosition = firstRow, Timeout = TimeSpan.FromHours(2) },
        cancellationToken);

    /// <summary>Visible pairs of some rows.</summary>
    public async Task<double> PairsAsync(AttentionMask mask, int firstRow, int rows, CancellationToken cancellationToken) =>
        (await _sequence.ExplainAsync(rows, new AttendOptions { Mask = mask, FirstQueryPosition = firstRow }, cancellationToken).ConfigureAwait(false)).UnmaskedPairs.Estimate;

    /// <summary>Largest errors of o and lse in some rows of the last call, against the textbook formula in float64, token by token.</summary>
    public (double Output, double Lse) Errors(AttentionMask mask, IReadOnlyList<int> rows)
    {
        double[] outputs = new double[rows.Count];
        double[] lses = new double[rows.Count];
        Parallel.For(0, rows.Count, i => (outputs[i], lses[i]) = Check(mask, rows[i]));
        return (outputs.Max(), lses.Max());
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private (double Output, double Lse) Check(AttentionMask mask, int row)
    {
        const int Head = 0;
        float[] kv = new float[HeadDim];
        List<(int Position, double Score)> seen = [];
        for (int position = 0; position < Positions; position++)
        {
            if (!mask.IsVisible(row, position))
            {
                continue;
            }

            NormalData.Fill(LoadedSequence.KeySeed, (((long)position * Heads) + Head) * HeadDim, kv);
            double dot = 0;
            for (int d = 0; d < HeadDim; d++)
            {
                dot += (double)_q[(((row * Heads) + Head) * HeadDim) + d] * kv[d];
            }

            seen.Add((position, dot / Math.Sqrt(HeadDim)));
        }

        double max = seen.Count == 0 ? 0 : seen.Max(static s => s.Score);
        double sum = 0;
        double[] output = new double[HeadDim];
        foreach ((int position, double score) in seen)
        {
            double weight = Math.Exp(score - max);
            sum += weight;
            NormalData.Fill(LoadedSequence.ValueSeed, (((long)position * Heads) + Head) * HeadDim, kv);
            for (int c = 0; c < HeadDim; c++)
            {
                output[c] += weight * kv[c];
            }
        }

        double error = 0;
        for (int c = 0; c < HeadDim; c++)
        {
            error = Math.Max(error, Math.Abs(_output[(((row * Heads) + Head) * HeadDim) + c] - (sum == 0 ? 0 : output[c] / sum))); // Math.Max keeps a NaN
        }

        double lse = _lse[(row * Heads) + Head];
        return (error, seen.Count == 0 ? (double.IsNegativeInfinity(lse) ? 0 : double.NaN) : Math.Abs(lse - (max + Math.Log(sum))));
    }
}
