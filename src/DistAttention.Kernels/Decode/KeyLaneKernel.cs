using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Decode: few query vectors. Keys lie side by side for scores, output columns for the output; K and V are widened in
/// registers and read once from memory for all query vectors of the chunk, the next piece being fetched meanwhile. The
/// K/V heads of a call take turns tile by tile, so that memory is read in the order of its addresses.
/// </summary>
internal unsafe struct KeyLaneKernel<TLanes, TVec, TElement, TScaled> : ITileKernel
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private const int Tile = SequenceFormat.BlockLength;
    private const int Widest = 16; // floats of the widest vector

    private readonly int _heads;
    private readonly int _count; // query vectors per K/V head
    private readonly int _padded; // whole steps of queries; those past the last are zeros
    private readonly int _rounded; // padded up to whole vectors
    private readonly int _headDim;
    private readonly nint _valueStride;
    private readonly nint _headOffset; // in bytes, as those that follow: of the first head within a block
    private readonly nint _headBytes; // from head to head
    private readonly nint _valueOffset; // within the head
    private readonly nint _keyScaleOffset;
    private readonly nint _valueScaleOffset;
    private readonly ReadAhead _ahead; // of a whole tile
    private readonly nint _headFloats; // of one head of a partial
    private readonly nint _partialFloats;
    private readonly float* _queries; // [heads], group after group of KeyLaneGroup: [headDim][queries of the group], scaled
    private readonly float* _querySizes; // [heads][count]: sum of |q|
    private readonly float* _weights; // [padded][256]: scores, then weights
    private readonly float* _factors; // [padded][256]: weights times value scales; the weights where there are none
    private readonly float* _maxima; // [padded][MaximaPerQuery]
    private readonly float* _tileMax; // [rounded]
    private readonly float* _alpha; // [rounded]
    private readonly uint* _rowBits; // [rows][8]
    private readonly KeyLaneModifiers<TLanes, TVec, TElement, TScaled> _modifiers; // of scores that are more than products
    private readonly float* _prefixes; // [256][valueStride]: values that are a part of keys
    private readonly float* _partials; // per partial and head: max [rounded], sum [rounded], output [padded][valueStride]

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KeyLaneKernel(in NodeJob job, int heads, int partials)
    {
        KvLayout layout = job.Layout;
        _heads = heads;
        _count = job.VectorCount;
        _padded = KeyLaneGroup.Padded<TLanes, TVec>(_count);
        _rounded = (_padded + Widest - 1) / Widest * Widest;
        _headDim = layout.HeadDim;
        _valueStride = layout.ValueStride;
        _headOffset = (nint)layout.HeadOffset(job.HeadKv);
        _headBytes = (nint)layout.HeadBytes;
        _valueOffset = (nint)layout.ValueOffset;
        _keyScaleOffset = (nint)layout.KeyScaleOffset;
        _valueScaleOffset = (nint)layout.ValueScaleOffset;
        _headFloats = (2 * _rounded) + (_padded * _valueStride);
        _partialFloats = heads * _headFloats;
        KernelScratch scratch = job.Scratch;
        long tileFloats = (long)_padded * Tile;
        scratch.Begin(
            KernelScratch.Size<float>((long)heads * _padded * _headDim)
            + KernelScratch.Size<float>((long)heads * _count)
            + (2 * KernelScratch.Size<float>(_rounded))
            + (2 * KernelScratch.Size<float>(tileFloats))
            + KernelScratch.Size<float>(_padded * KeyLaneScores.MaximaPerQuery)
            + KernelScratch.Size<uint>(_count * MaskWords.PerRow)
            + KernelScratch.Size<float>(_partialFloats * partials)
            + KeyLaneModifiers<TLanes, TVec, TElement, TScaled>.ScratchBytes(job)
            + (layout.ValueFromKeyPrefix ? KernelScratch.Size<float>(Tile * _valueStride) : 0));
        _queries = scratch.Take<float>((long)heads * _padded * _headDim);
        _querySizes = scratch.Take<float>((long)heads * _count);
        _maxima = scratch.Take<float>(_padded * KeyLaneScores.MaximaPerQuery);
        _tileMax = scratch.Take<float>(_rounded);
        _alpha = scratch.Take<float>(_rounded);
        _weights = scratch.Take<float>(tileFloats);
        _factors = TScaled.Value ? scratch.Take<float>(tileFloats) : _weights;
        _rowBits = scratch.Take<uint>(_count * MaskWords.PerRow);
        _partials = scratch.Take<float>(_partialFloats * partials);
        new Span<float>(_factors, checked((int)tileFloats)).Clear();
        new Span<float>(_tileMax, _rounded).Fill(float.NegativeInfinity);
        _ahead = Ahead(Tile);
        LoadQueries(job);
        _modifiers = new(job);
        if (layout.ValueFromKeyPrefix)
        {
            _prefixes = scratch.Take<float>(Tile * _valueStride);
            new Span<float>(_prefixes, checked((int)(Tile * _valueStride))).Clear(); // columns of padding stay zeros
        }
    }

    /// <summary>Whether no query overflows when it makes up for elements that are loaded too small.</summary>
    public readonly bool CanLiftQueries
    {
        get
        {
            const float Largest = 32_768; // times 2^112 is below 2^128
            return TElement.Lift == 1 || !new ReadOnlySpan<float>(_querySizes, _heads * _count).ContainsAnyInRange(Largest, float.PositiveInfinity);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Reset(int partial)
    {
        for (int head = 0; head < _heads; head++)
        {
            float* memory = Partial(partial, head);
            new Span<float>(memory, _rounded).Fill(float.NegativeInfinity);
            new Span<float>(memory + _rounded, checked((int)(_headFloats - _rounded))).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Fold(int partial, in NodeJob job, long start, int keyCount, Coverage coverage)
    {
        bool masked = coverage == Coverage.Masked;
        if (masked)
        {
            keyCount = MaskWords.NeededKeys(job.Mask, job.RowPositions(job.FirstVector, _count), new PositionRange(start, start + keyCount));
            if (keyCount == 0)
            {
                return;
            }

            MaskWords.FillRows(job, job.FirstVector, _count, start, _rowBits);
        }

        float* bounds = (float*)job.Block(start) + job.HeadKv;
        byte* keys = (byte*)job.Block(start) + _headOffset;
        nint nextBlock = start + Tile < job.Positions.End ? job.Block(start + Tile) : 0;
        ReadAhead ahead = keyCount == Tile ? _ahead : Ahead(keyCount);
        for (int head = 0; head < _heads; head++, keys += _headBytes)
        {
            byte* next = head + 1 < _heads ? keys + _headBytes : nextBlock != 0 ? (byte*)nextBlock + _headOffset : keys;
            ahead.Start(keys, next);
            FoldHead(partial, job, head, start, keys, bounds[head], keyCount, masked, ref ahead);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Merge(int partial)
    {
        for (int head = 0; head < _heads; head++)
        {
            PartialMerge.Merge<TLanes, TVec>(Span(partial, head), Span(partial + 1, head));
        }
    }

    /// <summary>Writes a partial of the stack to its place in the caller's arrays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Write(int partial, in NodeJob job, float* max, float* sum, float* output)
    {
        NodeJob own = job;
        int headDimV = job.Layout.HeadDimV;
        for (int head = 0; head < _heads; head++, own.HeadKv++)
        {
            PartialSpan from = Span(partial, head);
            for (int i = 0; i < _count; i++)
            {
                nint slot = own.Slot(job.FirstVector + i);
                max[slot] = from.MaxLog2[i];
                sum[slot] = from.Sum[i];
                from.Output.Slice(i * from.HeadDimV, headDimV).CopyTo(new Span<float>(output + (slot * headDimV), headDimV));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void FoldHead(int partial, in NodeJob job, int head, long start, byte* keys, float keyBound, int keyCount, bool masked, ref ReadAhead ahead)
    {
        float* keyScales = TScaled.Value ? (float*)(keys + _keyScaleOffset) : null;
        float* valueScales = TScaled.Value ? (float*)(keys + _valueScaleOffset) : null;
        if (job.Score.IsAdditive)
        {
            _modifiers.Additive(keys, keyScales, _count, keyCount, _weights);
        }
        else
        {
            KeyLaneScores.Run<TLanes, TVec, TElement>(keys, ref ahead, _queries + ((nint)head * _padded * _headDim), _padded, _headDim, keyCount, _weights, _maxima);
        }

        bool maximaHold = !masked && !TScaled.Value && keyCount == Tile && job.Score.IsPlain; // they are of exactly the scores that count
        float* sizes = _querySizes + (head * _count);
        for (int i = 0; i < _count; i++)
        {
            uint* bits = masked ? _rowBits + ((job.Row(job.FirstVector + i) - job.Row(job.FirstVector)) * MaskWords.PerRow) : null;
            float* row = _weights + (i * Tile);
            if (!job.Score.IsAdditive && !(sizes[i] * keyBound < float.MaxValue / 2) && SoftmaxRow.Overflows<TLanes, TVec, TScaled>(row, keyCount, keyScales, bits))
            {
                job.ThrowScoreOverflow(job.FirstVector + i, head);
            }

            _tileMax[i] = maximaHold
                ? TLanes.Largest(TLanes.Load(_maxima + (i * KeyLaneScores.MaximaPerQuery)))
                : job.Score.IsPlain ? SoftmaxRow.Scores<TLanes, TVec, TScaled>(row, keyCount, keyScales, bits)
                : _modifiers.Finish(job, head, i, start, row, keyCount, keyScales, bits);
        }

        // Every row's maximum is known before the first weight is needed, so that no row waits for its own.
        float* max = Partial(partial, head);
        float* sum = max + _rounded;
        SoftmaxRow.Rescale<TLanes, TVec>(_tileMax, _rounded, max, _alpha);
        for (int i = 0; i < _count; i++)
        {
            SoftmaxRow.Weights<TLanes, TVec, TElement, TScaled>(_weights + (i * Tile), _factors + (i * Tile), keyCount, _tileMax[i], valueScales, ref ahead);
        }

        if (job.Layout.ValueFromKeyPrefix)
        {
            KeyPrefix.WidenRows<TLanes, TVec, TElement>(job.Layout, keys, keyCount, _prefixes);
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
            keys + _valueOffset, ref ahead, _valueStride, _padded, keyCount, _weights, _factors, _alpha, sum, sum + _rounded);
    }

    private readonly ReadAhead Ahead(int keyCount) => ReadAhead.Over<TElement>(
        _headBytes,
        KeyLaneScores.Steps<TLanes, TVec>(_padded, _headDim, keyCount)
        + SoftmaxRow.Steps<TLanes, TVec>(_count, keyCount)
        + ColumnLaneOutput.Steps<TLanes, TVec>(_padded, _valueStride, keyCount),
        4L * TLanes.Count * _headDim * TElement.Bytes,
        _count);

    private readonly float* Partial(int index, int head) => _partials + (index * _partialFloats) + (head * _headFloats);

    private readonly PartialSpan Span(int index, int head)
    {
        float* memory = Partial(index, head);
        int columns = (int)_valueStride;
        return new(new(memory, _count), new(memory + _rounded, _count), new(memory + (2 * _rounded), _count * columns), _count, 1, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void LoadQueries(in NodeJob job)
    {
        NodeJob own = job;
        new Span<float>(_queries, checked(_heads * _padded * _headDim)).Clear();
        for (int head = 0; head < _heads; head++, own.HeadKv++)
        {
            float* queries = _queries + ((nint)head * _padded * _headDim);
            for (int first = 0, group; first < _count; first += group)
            {
                group = KeyLaneGroup.Next<TLanes, TVec>(_padded - first);
                for (int i = first; i < Math.Min(first + group, _count); i++)
                {
                    _querySizes[(head * _count) + i] = LoadQuery(own.Vector(job.FirstVector + i), job.Score.ScaleLog2, queries + ((nint)first * _headDim) + (i - first), group);
                }
            }
        }
    }

    /// <summary>Scales a query, and returns the sum of its sizes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly float LoadQuery(float* from, float scaleLog2, float* to, int stride)
    {
        float size = 0;
        for (int d = 0; d < _headDim; d++, to += stride)
        {
            float q = from[d] * scaleLog2;
            *to = q * TElement.Lift;
            size += MathF.Abs(q);
        }

        return size;
    }
}
