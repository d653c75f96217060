using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>
/// Decode: few query vectors. Keys lie side by side for scores, output columns for the output; K and V are widened in
/// registers and read once from memory for all query vectors of the chunk.
/// </summary>
internal unsafe struct KeyLaneKernel<TLanes, TVec, TElement, TScaled> : ITileKernel
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private const int Tile = SequenceFormat.BlockLength;

    private readonly int _count;
    private readonly nint _valueStride;
    private readonly nint _partialFloats;
    private readonly float* _queries; // [count][headDim], scaled
    private readonly float* _querySizes; // [count]: sum of |q|
    private readonly float* _weights; // [count][256]: scores, then weights
    private readonly float* _factors; // [count][256]: weights times value scales; the weights where there are none
    private readonly float* _alpha; // [count]
    private readonly uint* _rowBits; // [rows][8]
    private readonly float* _partials; // per partial: max [count], sum [count], output [count][valueStride]

    public KeyLaneKernel(in NodeJob job, int partials)
    {
        KvLayout layout = job.Layout;
        _count = job.VectorCount;
        _valueStride = layout.ValueStride;
        _partialFloats = _count * (2 + _valueStride);
        KernelScratch scratch = job.Scratch;
        long tileFloats = (long)_count * Tile;
        scratch.Begin(
            KernelScratch.Size<float>((long)_count * layout.HeadDim)
            + (2 * KernelScratch.Size<float>(_count))
            + (2 * KernelScratch.Size<float>(tileFloats))
            + KernelScratch.Size<uint>(_count * MaskWords.PerRow)
            + KernelScratch.Size<float>(_partialFloats * partials));
        _queries = scratch.Take<float>((long)_count * layout.HeadDim);
        _querySizes = scratch.Take<float>(_count);
        _alpha = scratch.Take<float>(_count);
        _weights = scratch.Take<float>(tileFloats);
        _factors = TScaled.Value ? scratch.Take<float>(tileFloats) : _weights;
        _rowBits = scratch.Take<uint>(_count * MaskWords.PerRow);
        _partials = scratch.Take<float>(_partialFloats * partials);
        for (int i = 0; i < _count; i++)
        {
            float* from = job.Vector(job.FirstVector + i);
            float* to = _queries + ((nint)i * layout.HeadDim);
            float size = 0;
            for (int d = 0; d < layout.HeadDim; d++)
            {
                to[d] = from[d] * job.ScaleLog2;
                size += MathF.Abs(to[d]);
            }

            _querySizes[i] = size;
        }
    }

    public void Reset(int partial)
    {
        float* memory = Partial(partial);
        new Span<float>(memory, _count).Fill(float.NegativeInfinity);
        new Span<float>(memory + _count, checked((int)(_partialFloats - _count))).Clear();
    }

    public void Fold(int partial, in NodeJob job, long start, int keyCount)
    {
        byte* head = job.Head(start);
        KvLayout layout = job.Layout;
        PositionRange rows = job.RowPositions(job.FirstVector, _count);
        PositionRange tile = new(start, start + keyCount);
        bool masked = job.Mask.Cover(rows, tile) == Coverage.Masked;
        if (masked)
        {
            keyCount = (int)job.Mask.Needed(rows, tile);
            MaskWords.FillRows(job, job.FirstVector, _count, start, _rowBits);
        }

        float* keyScales = TScaled.Value ? (float*)(head + layout.KeyScaleOffset) : null;
        float* valueScales = TScaled.Value ? (float*)(head + layout.ValueScaleOffset) : null;
        KeyLaneScores.Run<TLanes, TVec, TElement>(head, _queries, _count, layout.HeadDim, keyCount, _weights);

        float* memory = Partial(partial);
        float bound = job.KeyBound(start);
        for (int i = 0; i < _count; i++)
        {
            uint* bits = masked ? _rowBits + ((job.Row(job.FirstVector + i) - job.Row(job.FirstVector)) * MaskWords.PerRow) : null;
            float* row = _weights + (i * Tile);
            if (!(_querySizes[i] * bound < float.MaxValue / 2) && Overflows(row, keyCount, keyScales, bits))
            {
                job.ThrowScoreOverflow(job.FirstVector + i);
            }

            Softmax(row, _factors + (i * Tile), keyCount, keyScales, valueScales, bits, memory + i, _alpha + i);
        }

        ColumnLaneOutput.Run<TLanes, TVec, TElement>(
            head + layout.ValueOffset, _valueStride, _count, keyCount, _weights, _factors, _alpha, memory + _count, memory + (2 * _count));
    }

    public void Merge(int partial)
    {
        float* left = Partial(partial);
        float* right = Partial(partial + 1);
        int columns = (int)_valueStride;
        PartialMerge.Merge<TLanes, TVec>(
            new PartialSpan(new(left, _count), new(left + _count, _count), new(left + (2 * _count), _count * columns), _count, 1, columns),
            new PartialSpan(new(right, _count), new(right + _count, _count), new(right + (2 * _count), _count * columns), _count, 1, columns));
    }

    /// <summary>Writes a partial of the stack to its place in the caller's arrays.</summary>
    public readonly void Write(int partial, in NodeJob job, float* max, float* sum, float* output)
    {
        float* memory = Partial(partial);
        int headDimV = job.Layout.HeadDimV;
        for (int i = 0; i < _count; i++)
        {
            nint slot = job.Slot(job.FirstVector + i);
            max[slot] = memory[i];
            sum[slot] = memory[_count + i];
            new ReadOnlySpan<float>(memory + (2 * _count) + (i * _valueStride), headDimV).CopyTo(new Span<float>(output + (slot * headDimV), headDimV));
        }
    }

    /// <summary>
    /// The online softmax of one query over one tile; see <see cref="SoftmaxColumn"/> for the arithmetic. Weights from
    /// keyCount up to the next whole vector are 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(float* scores, float* factors, int keyCount, float* keyScales, float* valueScales, uint* bits, float* max, float* alpha)
    {
        TVec hidden = TLanes.Broadcast(float.NegativeInfinity);
        TVec maxima = hidden;
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            TVec score = TLanes.Load(scores + key);
            if (TScaled.Value)
            {
                score = TLanes.Multiply(score, TLanes.Load(keyScales + key));
            }

            uint visible = bits == null ? uint.MaxValue : bits[key >> 5] >> (key & 31);
            if (keyCount - key < TLanes.Count)
            {
                visible &= (1u << (keyCount - key)) - 1;
            }

            if (visible != uint.MaxValue)
            {
                score = TLanes.Select(TLanes.MaskFromBits(visible), score, hidden);
            }

            TLanes.Store(scores + key, score);
            maxima = TLanes.Max(maxima, score);
        }

        float* lanes = stackalloc float[16];
        TLanes.Store(lanes, maxima);
        float newMax = *max;
        for (int lane = 0; lane < TLanes.Count; lane++)
        {
            newMax = lanes[lane] + 0f > newMax ? lanes[lane] + 0f : newMax;
        }

        float origin = newMax == float.NegativeInfinity ? 0f : newMax;
        TVec origins = TLanes.Broadcast(origin);
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            TVec weight = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(TLanes.Load(scores + key), origins));
            TLanes.Store(scores + key, weight);
            if (TScaled.Value)
            {
                TLanes.Store(factors + key, TLanes.Multiply(weight, TLanes.Load(valueScales + key)));
            }
        }

        *alpha = Exp2.OfNonPositive<Lanes128, Vector128<float>>(Vector128.Create(*max - origin)).ToScalar();
        *max = newMax;
    }

    private static bool Overflows(float* scores, int keyCount, float* keyScales, uint* bits)
    {
        for (int key = 0; key < keyCount; key++)
        {
            bool visible = bits == null || ((bits[key >> 5] >> (key & 31)) & 1) != 0;
            if (visible && !float.IsFinite(scores[key] * (keyScales == null ? 1f : keyScales[key])))
            {
                return true;
            }
        }

        return false;
    }

    private readonly float* Partial(int index) => _partials + (index * _partialFloats);
}
