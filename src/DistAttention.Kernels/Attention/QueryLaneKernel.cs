using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Prefill: many query vectors, one per lane. Groups of up to three vectors of lanes; within a group queries, scores and
/// output are stored [component][lane], so that scores and output are both the same product of broadcast K or V elements
/// with vectors of lanes. A tile of K and V is used by every group of the chunk while it is in cache.
/// </summary>
internal unsafe struct QueryLaneKernel<TLanes, TVec, TElement, TScaled> : ITileKernel
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private const int Tile = SequenceFormat.BlockLength;

    private readonly int _headDim;
    private readonly int _columns; // HeadDimV rounded up to whole register tiles
    private readonly int _lanes; // of the chunk, a whole number of vectors
    private readonly nint _partialFloats;
    private readonly float* _queries; // per group [headDim][lanes]
    private readonly float* _querySizes; // [lanes]: sum of |q|
    private readonly float* _scores; // [256][group lanes]
    private readonly float* _alpha; // [group lanes]
    private readonly uint* _rowBits; // [group lanes][8]
    private readonly uint* _words; // [8][group lanes]
    private readonly float* _keys; // K widened: [panel][headDim][16]
    private readonly float* _values; // V widened: [256][value stride]
    private readonly float* _partials; // per partial: max [lanes], sum [lanes], output per group [columns][group lanes]

    public QueryLaneKernel(ref NodeJob job, int partials)
    {
        KvLayout layout = job.Layout;
        _headDim = layout.HeadDim;
        _columns = Columns(layout);
        _lanes = (job.VectorCount + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        _partialFloats = PartialFloats(layout, _lanes);
        KernelScratch scratch = job.Scratch;
        scratch.Begin(ScratchBytes(layout, _lanes, partials));
        _queries = scratch.Take<float>((long)_headDim * _lanes);
        _querySizes = scratch.Take<float>(_lanes);
        _scores = scratch.Take<float>(Tile * GroupLanes);
        _alpha = scratch.Take<float>(GroupLanes);
        _rowBits = scratch.Take<uint>(GroupLanes * MaskWords.PerRow);
        _words = scratch.Take<uint>(GroupLanes * MaskWords.PerRow);
        _partials = scratch.Take<float>(_partialFloats * partials);
        bool widen = TElement.Bytes != sizeof(float);
        _keys = widen ? scratch.Take<float>(Tile * layout.HeadDim) : null;
        _values = widen ? scratch.Take<float>(Tile * layout.ValueStride) : null;
        LoadQueries(job);
    }

    private static int GroupLanes => LaneProduct.MaxVectors * TLanes.Count;

    /// <summary>Query vectors of one chunk: as many as keep queries and output in the second-level cache.</summary>
    public static int ChunkVectors(KvLayout layout)
    {
        const int CacheFloats = 64 * 1024;
        int lanes = CacheFloats / (layout.HeadDim + Columns(layout));
        return Math.Max(1, lanes / GroupLanes) * GroupLanes;
    }

    public void Reset(int partial)
    {
        float* memory = Partial(partial);
        new Span<float>(memory, _lanes).Fill(float.NegativeInfinity);
        new Span<float>(memory + _lanes, checked((int)(_partialFloats - _lanes))).Clear();
    }

    public void Fold(int partial, in NodeJob job, long start, int keyCount)
    {
        byte* head = job.Head(start);
        KvLayout layout = job.Layout;
        float* keys = (float*)head;
        float* values = (float*)(head + layout.ValueOffset);
        if (TElement.Bytes != sizeof(float))
        {
            int rounded = (keyCount + KvLayout.PanelLength - 1) / KvLayout.PanelLength * KvLayout.PanelLength;
            Widen(head, _keys, (nint)rounded * layout.HeadDim);
            Widen(head + layout.ValueOffset, _values, (nint)rounded * layout.ValueStride);
            keys = _keys;
            values = _values;
        }

        float bound = job.KeyBound(start);
        for (int lane = 0; lane < _lanes; lane += GroupLanes)
        {
            FoldGroup(partial, job, start, keyCount, lane, keys, values, head, bound);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge(int partial)
    {
        float* left = Partial(partial);
        float* right = Partial(partial + 1);
        for (int lane = 0; lane < _lanes; lane += TLanes.Count)
        {
            TVec none = TLanes.Broadcast(float.NegativeInfinity);
            TVec m1 = TLanes.Load(left + lane);
            TVec m2 = TLanes.Load(right + lane);
            TVec noLeft = TLanes.Equal(m1, none);
            TVec noRight = TLanes.Equal(m2, none);
            TVec m = TLanes.Max(m1, m2);
            TVec origin = TLanes.Select(TLanes.And(noLeft, noRight), TLanes.Zero, m);
            TVec a1 = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(m1, origin));
            TVec a2 = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(m2, origin));
            TLanes.Store(left + lane, m);
            MergeColumn(left + _lanes + lane, right + _lanes + lane, 0, 1, a1, a2, noLeft, noRight);

            int group = lane / GroupLanes * GroupLanes;
            nint output = (2 * _lanes) + ((nint)group * _columns) + (lane - group);
            MergeColumn(left + output, right + output, Math.Min(GroupLanes, _lanes - group), _columns, a1, a2, noLeft, noRight);
        }
    }

    /// <summary>Writes a partial of the stack to its place in the caller's arrays.</summary>
    public readonly void Write(int partial, in NodeJob job, float* max, float* sum, float* output)
    {
        float* memory = Partial(partial);
        int headDimV = job.Layout.HeadDimV;
        for (int lane = 0; lane < job.VectorCount; lane++)
        {
            nint slot = job.Slot(job.FirstVector + lane);
            max[slot] = memory[lane];
            sum[slot] = memory[_lanes + lane];
        }

        // Vectors of one row lie side by side in the caller's output; rows of one-head groups lie NumHeadsQ apart.
        for (int group = 0; group < _lanes; group += GroupLanes)
        {
            int groupLanes = Math.Min(GroupLanes, _lanes - group);
            int used = Math.Min(groupLanes, job.VectorCount - group);
            float* from = memory + (2 * _lanes) + ((nint)group * _columns);
            for (int lane = 0; lane < used;)
            {
                int count = job.SameStride(job.FirstVector + group + lane, used - lane, out nint stride);
                float* to = output + (job.Slot(job.FirstVector + group + lane) * headDimV);
                LaneTranspose.Run(from + lane, groupLanes, to, stride * headDimV, headDimV, count);
                lane += count;
            }
        }
    }

    private static int Columns(KvLayout layout) => (layout.HeadDimV + 7) / 8 * 8;

    private static nint PartialFloats(KvLayout layout, int lanes) => (nint)lanes * (2 + Columns(layout));

    private static long ScratchBytes(KvLayout layout, int lanes, int partials)
    {
        long bytes = KernelScratch.Size<float>((long)layout.HeadDim * lanes)
            + KernelScratch.Size<float>(lanes)
            + KernelScratch.Size<float>(Tile * GroupLanes)
            + KernelScratch.Size<float>(GroupLanes)
            + (2 * KernelScratch.Size<uint>(GroupLanes * MaskWords.PerRow))
            + KernelScratch.Size<float>(PartialFloats(layout, lanes) * partials);
        return TElement.Bytes == sizeof(float)
            ? bytes
            : bytes + KernelScratch.Size<float>(Tile * layout.HeadDim) + KernelScratch.Size<float>(Tile * layout.ValueStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* source, float* destination, nint count)
    {
        for (nint i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(destination + i, TElement.Load<TLanes, TVec>(source, i));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MergeColumn(float* left, float* right, nint stride, int count, TVec a1, TVec a2, TVec noLeft, TVec noRight)
    {
        for (int i = 0; i < count; i++, left += stride, right += stride)
        {
            TVec x1 = TLanes.Load(left);
            TVec x2 = TLanes.Load(right);
            TVec merged = TLanes.Fma(x2, a2, TLanes.Multiply(x1, a1));
            TLanes.Store(left, TLanes.Select(noRight, x1, TLanes.Select(noLeft, x2, merged)));
        }
    }

    private readonly float* Partial(int index) => _partials + (index * _partialFloats);

    private void LoadQueries(in NodeJob job)
    {
        new Span<float>(_queries, checked(_headDim * _lanes)).Clear();
        new Span<float>(_querySizes, _lanes).Clear();
        for (int group = 0; group < _lanes; group += GroupLanes)
        {
            int groupLanes = Math.Min(GroupLanes, _lanes - group);
            int used = Math.Min(groupLanes, job.VectorCount - group);
            float* to = _queries + ((nint)group * _headDim);
            for (int lane = 0; lane < used;)
            {
                int count = job.SameStride(job.FirstVector + group + lane, used - lane, out nint stride);
                LaneTranspose.Run(job.Vector(job.FirstVector + group + lane), stride * _headDim, to + lane, groupLanes, count, _headDim);
                lane += count;
            }

            ScaleQueries(to, _querySizes + group, groupLanes, _headDim, job.ScaleLog2);
        }
    }

    /// <summary>Multiplies by the scale, once, and sums the sizes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleQueries(float* queries, float* sizes, int lanes, int headDim, float scaleLog2)
    {
        TVec scale = TLanes.Broadcast(scaleLog2);
        for (int lane = 0; lane < lanes; lane += TLanes.Count)
        {
            TVec size = TLanes.Zero;
            for (nint d = 0; d < headDim; d++)
            {
                float* at = queries + (d * lanes) + lane;
                TVec scaled = TLanes.Multiply(TLanes.Load(at), scale);
                TLanes.Store(at, scaled);
                size = TLanes.Add(size, TLanes.Abs(scaled));
            }

            TLanes.Store(sizes + lane, size);
        }
    }

    private readonly void FoldGroup(int partial, in NodeJob job, long start, int keyCount, int group, float* keys, float* values, byte* head, float bound)
    {
        int lanes = Math.Min(GroupLanes, _lanes - group);
        int vectors = lanes / TLanes.Count;
        int firstVector = job.FirstVector + group;
        int used = Math.Min(lanes, job.VectorCount - group);
        KvLayout layout = job.Layout;

        PositionRange rows = job.RowPositions(firstVector, used);
        PositionRange tile = new(start, start + keyCount);
        Coverage coverage = job.Mask.Cover(rows, tile);
        if (coverage == Coverage.None)
        {
            return;
        }

        bool masked = coverage == Coverage.Masked;
        if (masked)
        {
            keyCount = (int)job.Mask.Needed(rows, tile);
            MaskWords.FillLanes(job, firstVector, used, lanes, start, _rowBits, _words);
        }

        ScoreTile.Compute<TLanes, TVec>(_queries + ((nint)group * _headDim), keys, _headDim, vectors, keyCount, _scores);
        float* keyScales = TScaled.Value ? (float*)(head + layout.KeyScaleOffset) : null;
        float* valueScales = TScaled.Value ? (float*)(head + layout.ValueScaleOffset) : null;
        if (!ScoreTile.BoundHolds(_querySizes + group, lanes, bound))
        {
            int bad = ScoreTile.FindOverflow(_scores, lanes, used, keyCount, keyScales, masked ? _words : null);
            if (bad >= 0)
            {
                job.ThrowScoreOverflow(firstVector + bad);
            }
        }

        float* memory = Partial(partial);
        for (int lane = 0; lane < lanes; lane += TLanes.Count)
        {
            TVec tileMax = masked
                ? SoftmaxColumn.Scores<TLanes, TVec, TScaled, Yes>(_scores + lane, lanes, keyCount, keyScales, _words + lane)
                : SoftmaxColumn.Scores<TLanes, TVec, TScaled, No>(_scores + lane, lanes, keyCount, keyScales, null);
            SoftmaxColumn.Weights<TLanes, TVec, TScaled>(
                _scores + lane, lanes, keyCount, tileMax, valueScales, memory + group + lane, memory + _lanes + group + lane, _alpha + lane);
        }

        LaneProduct.Run<TLanes, TVec>(
            values, layout.ValueStride, _columns, _scores, vectors, keyCount, memory + (2 * _lanes) + ((nint)group * _columns), _alpha);
    }
}
