using DistAttention.Cli.Arguments;
using DistAttention.Cli.Checking;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Attend;

/// <summary>
/// Computes a few rows again, in float64 and by a plain float32 program, and says how far the answer is from the first and
/// how far the second is. Keys and values are read from their files again, so that everything in between is checked.
/// </summary>
internal sealed class AttendCheck
{
    private const int PositionsPerSlice = 4096;

    private readonly TensorInputs _inputs;
    private readonly SortedSet<long> _rows = [];
    private readonly List<(RowCheck Check, int HeadQ, float[] Output, float Lse)> _checks = [];

    /// <summary>Chooses rows, evenly spread, the first and the last among them.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="count">How many rows; all heads of each.</param>
    public AttendCheck(TensorInputs inputs, int count)
    {
        _inputs = inputs;
        long last = inputs.Q.Rows - 1;
        for (long i = Math.Min(count, inputs.Q.Rows) - 1, gaps = Math.Max(1, i); i >= 0; i--)
        {
            _rows.Add(last - (long)((Int128)i * last / gaps));
        }
    }

    /// <summary>Rows checked.</summary>
    public int Rows => _rows.Count;

    /// <summary>Keeps what it needs of a slice that was answered.</summary>
    /// <param name="first">The slice's first row.</param>
    /// <param name="q">[rows, NumHeadsQ, HeadDim].</param>
    /// <param name="output">[rows, NumHeadsQ, HeadDimV].</param>
    /// <param name="lse">[rows, NumHeadsQ].</param>
    public void Take(long first, ReadOnlySpan<float> q, ReadOnlySpan<float> output, ReadOnlySpan<float> lse)
    {
        SequenceSpec spec = _inputs.Spec;
        foreach (long row in _rows.GetViewBetween(first, first + (lse.Length / spec.NumHeadsQ) - 1))
        {
            for (int head = 0; head < spec.NumHeadsQ; head++)
            {
                int slot = (int)((row - first) * spec.NumHeadsQ) + head;
                RowCheck check = new(spec, _inputs.Options, q.Slice(slot * spec.HeadDim, spec.HeadDim), head, _inputs.FirstQueryPosition + row);
                _checks.Add((check, head, output.Slice(slot * spec.HeadDimV, spec.HeadDimV).ToArray(), lse[slot]));
            }
        }
    }

    /// <summary>Computes the rows again.</summary>
    public RowErrors Run(ProgressSteps steps, CancellationToken cancellationToken)
    {
        SequenceSpec spec = _inputs.Spec;
        ProgressStep step = steps.Start("checking against float64", _inputs.K.Rows, "positions");
        float[] k = new float[PositionsPerSlice * _inputs.K.RowLength];
        float[] v = new float[PositionsPerSlice * (_inputs.V?.RowLength ?? 0)];
        ParallelOptions parallel = new() { CancellationToken = cancellationToken };
        for (long first = 0; first < _inputs.K.Rows; first += PositionsPerSlice)
        {
            int count = (int)Math.Min(PositionsPerSlice, _inputs.K.Rows - first);
            _inputs.K.ReadRows(first, k.AsSpan(0, (int)(count * _inputs.K.RowLength)));
            _inputs.V?.ReadRows(first, v.AsSpan(0, (int)(count * _inputs.V.RowLength)));
            Parallel.ForEach(_checks, parallel, row =>
            {
                for (int i = 0; i < count; i++)
                {
                    int kvHead = (i * spec.NumHeadsKv) + (row.HeadQ / spec.GroupSize);
                    row.Check.Add(k.AsSpan(kvHead * spec.HeadDim, spec.HeadDim), v.AsSpan(kvHead * spec.AppendedHeadDimV, spec.AppendedHeadDimV), first + i);
                }
            });
            step.Report(first + count);
        }

        return _checks.Aggregate(default(RowErrors), static (largest, row) => RowErrors.Largest(largest, row.Check.Errors(row.Output, row.Lse)));
    }
}
