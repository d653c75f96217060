using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Asking;

/// <summary>
/// Where a text attends to within itself, seen from afar: mass by bin of queries and bin of positions, causal, from a few
/// rows of each bin.
/// </summary>
internal sealed class Overview
{
    /// <summary>Most bins along each side.</summary>
    private const int MaxBins = 128;

    /// <summary>Rows looked at per bin of queries.</summary>
    private const int RowsPerBin = 4;

    private readonly float[] _mass; // [head, query bin, position bin]

    private Overview(int heads, int bins)
    {
        Heads = heads;
        Bins = bins;
        _mass = new float[heads * bins * bins];
    }

    public int Heads { get; }

    /// <summary>Bins along each side.</summary>
    public int Bins { get; }

    /// <summary>[query bin, position bin] of one head; each row sums to 1, and nothing lies above the diagonal.</summary>
    public ReadOnlySpan<float> Head(int head) => _mass.AsSpan(head * Bins * Bins, Bins * Bins);

    public static async Task<Overview> RunAsync(EncodedSequence text, ProgressSteps steps, CancellationToken cancellationToken)
    {
        TextEncoder encoder = text.Encoder;
        int rowLength = encoder.RowLength;
        Overview overview = new(encoder.Heads.Count, Math.Min(MaxBins, text.Length));
        ProgressStep step = steps.Start("overview", overview.Bins, "bins");
        float[] q = new float[TextEncoder.SliceLength * rowLength];
        int sliceMade = -1;
        for (int bin = 0; bin < overview.Bins; bin++)
        {
            PositionRange range = AttentionMass.BinRange(bin, overview.Bins, text.Length);
            int rows = (int)Math.Min(RowsPerBin, range.Length);
            int first = (int)(range.Start + ((range.Length - rows) / 2));
            int slice = first / TextEncoder.SliceLength;
            (int sliceFirst, int sliceCount) = encoder.Slice(slice);
            first = Math.Min(first, sliceFirst + sliceCount - rows);
            if (slice != sliceMade)
            {
                encoder.Queries(slice, q);
                sliceMade = slice;
            }

            AttentionMass mass = await text.Sequence.AttentionMassAsync(
                q.AsMemory((first - sliceFirst) * rowLength, rows * rowLength),
                new AttentionMassOptions { Bins = overview.Bins, Mask = AttentionMask.Causal, FirstQueryPosition = first },
                cancellationToken).ConfigureAwait(false);
            overview.Add(bin, mass);
            step.Report(bin + 1);
        }

        return overview;
    }

    private void Add(int bin, AttentionMass mass)
    {
        ReadOnlySpan<float> from = mass.BinMass.Span; // [rows, heads, bins]
        for (int i = 0; i < from.Length; i++)
        {
            int head = i / Bins % Heads;
            _mass[(((head * Bins) + bin) * Bins) + (i % Bins)] += from[i] / mass.Rows;
        }
    }
}
