using System.Numerics.Tensors;
using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Compare;

/// <summary>
/// Attention as one would write it with <see cref="TensorPrimitives"/>: per query row the scores by Dot, softmax with the
/// maximum subtracted, and MultiplyAdd of the values. Heads and rows are spread over the same number of threads.
/// </summary>
internal sealed class PlainAttention
{
    private const int RowsPerItem = 64;

    private readonly AttendShape _shape;
    private readonly float[] _q;
    private readonly float[] _k; // [headKv][position][HeadDim]: rows contiguous, which is the kindest order for Dot
    private readonly float[] _v; // [headKv][position][HeadDimV]
    private readonly float[] _output;

    public PlainAttention(AttendShape shape, float[] q)
    {
        _shape = shape;
        _q = q;
        _k = ByHead(LoadedSequence.KeySeed, shape.HeadDim);
        _v = ByHead(LoadedSequence.ValueSeed, shape.HeadDimV);
        _output = new float[(long)shape.Rows * shape.NumHeadsQ * shape.HeadDimV];
    }

    /// <summary>All rows, once.</summary>
    public Task<TimeSpan> RunAsync(Limits limits)
    {
        int rowItems = (_shape.Rows + RowsPerItem - 1) / RowsPerItem;
        return limits.TimeAsync(rowItems * _shape.NumHeadsQ, item =>
        {
            int head = item % _shape.NumHeadsQ;
            int first = item / _shape.NumHeadsQ * RowsPerItem;
            float[] scores = new float[_shape.Positions];
            for (int row = first; row < Math.Min(_shape.Rows, first + RowsPerItem); row++)
            {
                Row(row, head, scores);
            }
        });
    }

    /// <summary>How far the last run is from another answer.</summary>
    public double LargestDifference(float[] output) => output.Zip(_output, static (a, b) => (double)Math.Abs(a - b)).Max();

    private void Row(int row, int head, float[] memory)
    {
        int headDim = _shape.HeadDim;
        int headDimV = _shape.HeadDimV;
        int headKv = head / (_shape.NumHeadsQ / _shape.NumHeadsKv);
        int slot = (row * _shape.NumHeadsQ) + head;
        int visible = _shape.IsCausal ? _shape.Positions - _shape.Rows + row + 1 : _shape.Positions;
        ReadOnlySpan<float> q = _q.AsSpan(slot * headDim, headDim);
        Span<float> scores = memory.AsSpan(0, visible);
        float scale = 1 / MathF.Sqrt(headDim);
        for (int position = 0; position < visible; position++)
        {
            scores[position] = scale * TensorPrimitives.Dot(q, _k.AsSpan(((headKv * _shape.Positions) + position) * headDim, headDim));
        }

        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        TensorPrimitives.Exp<float>(scores, scores);
        float sum = TensorPrimitives.Sum<float>(scores);
        Span<float> output = _output.AsSpan(slot * headDimV, headDimV);
        output.Clear();
        for (int position = 0; position < visible; position++)
        {
            TensorPrimitives.MultiplyAdd(_v.AsSpan(((headKv * _shape.Positions) + position) * headDimV, headDimV), scores[position], output, output);
        }

        TensorPrimitives.Divide(output, sum, output);
    }

    private float[] ByHead(ulong seed, int headDim)
    {
        int heads = _shape.NumHeadsKv;
        float[] values = new float[heads * _shape.Positions * headDim];
        Parallel.For(0, _shape.Positions, position =>
        {
            for (int head = 0; head < heads; head++)
            {
                NormalData.Fill(seed, (((long)position * heads) + head) * headDim, values.AsSpan(((head * _shape.Positions) + position) * headDim, headDim));
            }
        });
        return values;
    }
}
