using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Decode: few query vectors. Keys lie side by side for scores, output columns for the output; K and V are widened in
/// registers and read once from memory for all query vectors of the chunk, the next piece being fetched meanwhile.
/// </summary>
internal unsafe struct KeyLaneKernel<TLanes, TVec, TElement, TScaled> : ITileKernel
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private const int Tile = SequenceFormat.BlockLength;
    private const int Widest = 16; // floats of the widest vector

    private readonly int _count;
    private readonly int _padded; // whole steps of queries; those past the last are zeros
    private readonly int _rounded; // padded up to whole vectors
    private readonly nint _valueStride;
    private readonly nint _partialFloats;
    private readonly float* _queries; // group after group of KeyLaneGroup: [headDim][queries of the group], scaled
    private readonly float* _querySizes; // [count]: sum of |q|
    private readonly float* _weights; // [padded][256]: scores, then weights
    private readonly float* _factors; // [padded][256]: weights times value scales; the weights where there are none
    private readonly float* _tileMax; // [rounded]
    private readonly float* _alpha; // [rounded]
    private readonly uint* _rowBits; // [rows][8]
    private readonly KeyLaneModifiers<TLanes, TVec, TElement, TScaled> _modifiers; // of scores that are more than products
    private readonly float* _prefixes; // [256][valueStride]: values that are a part of keys
    private readonly float* _partials; // per partial: max [rounded], sum [rounded], output [padded][valueStride]

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KeyLaneKernel(in NodeJob job, int partials)
    {
        KvLayout layout = job.Layout;
        _count = job.VectorCount;
        _padded = KeyLaneGroup.Padded<TLanes, TVec>(_count);
        _rounded = (_padded + Widest - 1) / Widest * Widest;
        _valueStride = layout.ValueStride;
        _partialFloats = (2 * _rounded) + (_padded * _valueStride);
        KernelScratch scratch = job.Scratch;
        long tileFloats = (long)_padded * Tile;
        scratch.Begin(
            KernelScratch.Size<float>((long)_padded * layout.HeadDim)
            + (3 * KernelScratch.Size<float>(_rounded))
            + (2 * KernelScratch.Size<float>(tileFloats))
            + KernelScratch.Size<uint>(_count * MaskWords.PerRow)
            + KernelScratch.Size<float>(_partialFloats * partials)
            + KeyLaneModifiers<TLanes, TVec, TElement, TScaled>.ScratchBytes(job)
            + (layout.ValueFromKeyPrefix ? KernelScratch.Size<float>(Tile * _valueStride) : 0));
        _queries = scratch.Take<float>((long)_padded * layout.HeadDim);
        _querySizes = scratch.Take<float>(_rounded);
        _tileMax = scratch.Take<float>(_rounded);
        _alpha = scratch.Take<float>(_rounded);
        _weights = scratch.Take<float>(tileFloats);
        _factors = TScaled.Value ? scratch.Take<float>(tileFloats) : _weights;
        _rowBits = scratch.Take<uint>(_count * MaskWords.PerRow);
        _partials = scratch.Take<float>(_partialFloats * partials);
        new Span<float>(_factors, checked((int)tileFloats)).Clear();
        new Span<float>(_tileMax, _rounded).Fill(float.NegativeInfinity);
        LoadQueries(job);
        _modifiers = new(job);
        if (layout.ValueFromKeyPrefix)
        {
            _prefixes = scratch.Take<float>(Tile * _valueStride);
            new Span<float>(_prefixes, checked((int)(Tile * _valueStride))).Clear(); // columns of padding stay zeros
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Reset(int partial)
    {
        float* memory = Partial(partial);
        new Span<float>(memory, _rounded).Fill(float.NegativeInfinity);
        new Span<float>(memory + _rounded, checked((int)(_partialFloats - _rounded))).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Fold(int partial, in NodeJob job, long start, int keyCount)
    {
        KvLayout layout = job.Layout;
        PositionRange rows = job.RowPositions(job.FirstVector, _count);
        PositionRange tile = new(start, start + keyCount);
        bool masked = job.Mask.Cover(rows, tile) == Coverage.Masked;
        if (masked)
        {
            keyCount = (int)job.Mask.Needed(rows, tile);
            MaskWords.FillRows(job, job.FirstVector, _count, start, _rowBits);
        }

        byte* keys = job.Head(start);
        byte* values = keys + layout.ValueOffset;
        ReadAhead ahead = ReadAhead.Over<TElement>(
            keys,
            layout.HeadBytes,
            start + Tile < job.Positions.End ? job.Head(start + Tile) : keys,
            KeyLaneScores.Steps<TLanes, TVec>(_padded, layout.HeadDim, keyCount) + ColumnLaneOutput.Steps<TLanes, TVec>(_padded, _valueStride, keyCount),
            4L * TLanes.Count * layout.HeadDim * TElement.Bytes);
        float* keyScales = TScaled.Value ? (float*)(keys + layout.KeyScaleOffset) : null;
        float* valueScales = TScaled.Value ? (float*)(keys + layout.ValueScaleOffset) : null;
        if (job.Score.IsAdditive)
        {
            _modifiers.Additive(keys, keyScales, _count, keyCount, _weights);
        }
        else
        {
            KeyLaneScores.Run<TLanes, TVec, TElement>(keys, ref ahead, _queries, _padded, layout.HeadDim, keyCount, _weights);
        }

        float bound = job.KeyBound(start);
        for (int i = 0; i < _count; i++)
        {
            uint* bits = masked ? _rowBits + ((job.Row(job.FirstVector + i) - job.Row(job.FirstVector)) * MaskWords.PerRow) : null;
            float* row = _weights + (i * Tile);
            if (!job.Score.IsAdditive && !(_querySizes[i] * bound < float.MaxValue / 2) && SoftmaxRow.Overflows<TLanes, TVec, TScaled>(row, keyCount, keyScales, bits))
            {
                job.ThrowScoreOverflow(job.FirstVector + i);
            }

            _tileMax[i] = job.Score.IsPlain
                ? SoftmaxRow.Scores<TLanes, TVec, TScaled>(row, keyCount, keyScales, bits)
                : _modifiers.Finish(job, i, start, row, keyCount, keyScales, bits);
        }

        // Every row's maximum is known before the first weight is needed, so that no row waits for its own.
        float* max = Partial(partial);
        float* sum = max + _rounded;
        SoftmaxRow.Rescale<TLanes, TVec>(_tileMax, _rounded, max, _alpha);
        for (int i = 0; i < _count; i++)
        {
            SoftmaxRow.Weights<TLanes, TVec, TScaled>(_weights + (i * Tile), _factors + (i * Tile), keyCount, _tileMax[i], valueScales);
        }

        if (layout.ValueFromKeyPrefix)
        {
            KeyPrefix.WidenRows<TLanes, TVec, TElement>(layout, keys, keyCount, _prefixes);
            if (TScaled.Value)
            {
                ColumnLaneOutput.Run<TLanes, TVec, WidenedElement>(
                    (byte*)_prefixes, ref ahead, _valueStride, _padded, keyCount, _weights, _factors, _alpha, sum, sum + _rounded);
                return;
            }

            ColumnLaneOutput.Run<TLanes, TVec, Float32Element>(
                (byte*)_prefixes, ref ahead, _valueStride, _padded, keyCount, _weights, _factors, _alpha, sum, sum + _rounded);
            return;
        }

        ColumnLaneOutput.Run<TLanes, TVec, TElement>(
            values, ref ahead, _valueStride, _padded, keyCount, _weights, _factors, _alpha, sum, sum + _rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Merge(int partial) => PartialMerge.Merge<TLanes, TVec>(Span(partial), Span(partial + 1));

    /// <summary>Writes a partial of the stack to its place in the caller's arrays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Write(int partial, in NodeJob job, float* max, float* sum, float* output)
    {
        PartialSpan from = Span(partial);
        int headDimV = job.Layout.HeadDimV;
        for (int i = 0; i < _count; i++)
        {
            nint slot = job.Slot(job.FirstVector + i);
            max[slot] = from.MaxLog2[i];
            sum[slot] = from.Sum[i];
            from.Output.Slice(i * from.HeadDimV, headDimV).CopyTo(new Span<float>(output + (slot * headDimV), headDimV));
        }
    }

    private readonly float* Partial(int index) => _partials + (index * _partialFloats);

    private readonly PartialSpan Span(int index)
    {
        float* memory = Partial(index);
        int columns = (int)_valueStride;
        return new(new(memory, _count), new(memory + _rounded, _count), new(memory + (2 * _rounded), _count * columns), _count, 1, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void LoadQueries(in NodeJob job)
    {
        int headDim = job.Layout.HeadDim;
        new Span<float>(_queries, _padded * headDim).Clear();
        for (int first = 0, group; first < _count; first += group)
        {
            group = KeyLaneGroup.Next<TLanes, TVec>(_padded - first);
            for (int i = first; i < Math.Min(first + group, _count); i++)
            {
                float* from = job.Vector(job.FirstVector + i);
                float* to = _queries + ((nint)first * headDim) + (i - first);
                float size = 0;
                for (int d = 0; d < headDim; d++, to += group)
                {
                    *to = from[d] * job.Score.ScaleLog2;
                    size += MathF.Abs(*to);
                }

                _querySizes[i] = size;
            }
        }
    }
}
