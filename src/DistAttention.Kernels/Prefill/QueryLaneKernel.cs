using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Prefill: many query vectors, one per lane. Scores and output are both the same product of broadcast K or V elements with
/// vectors of lanes. A tile of K and V is used by every group of the chunk while it is in cache.
/// </summary>
internal unsafe struct QueryLaneKernel<TLanes, TVec, TElement, TScaled> : ITileKernel
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private readonly int _columns; // HeadDimV rounded up to whole register tiles
    private readonly nint _partialFloats;
    private readonly float* _alpha; // [group lanes]
    private readonly float* _ones; // [group lanes]
    private readonly float* _partials; // per partial: max [lanes], sum [lanes], output per group [columns][group lanes]
    private readonly bool* _begun; // [partials][groups]: whether the output holds anything; what has not begun is anything and stands for 0
    private QueryLanes<TLanes, TVec, TElement, TScaled> _queries;

    public QueryLaneKernel(in NodeJob job, int partials)
    {
        int lanes = QueryLanes<TLanes, TVec, TElement, TScaled>.LanesFor(job.VectorCount);
        _columns = Columns(job.Layout);
        _partialFloats = (nint)lanes * (2 + _columns);
        job.Scratch.Begin(
            QueryLanes<TLanes, TVec, TElement, TScaled>.ScratchBytes(job, lanes)
            + (2 * KernelScratch.Size<float>(GroupLanes))
            + KernelScratch.Size<float>(_partialFloats * partials)
            + KernelScratch.Size<bool>((long)QueryLanes<TLanes, TVec, TElement, TScaled>.Groups(lanes) * partials));
        _queries = new(job);
        _alpha = job.Scratch.Take<float>(GroupLanes);
        _ones = job.Scratch.Take<float>(GroupLanes);
        new Span<float>(_ones, GroupLanes).Fill(1);
        _partials = job.Scratch.Take<float>(_partialFloats * partials);
        _begun = job.Scratch.Take<bool>((long)Groups * partials);
    }

    private static int GroupLanes => QueryLanes<TLanes, TVec, TElement, TScaled>.GroupLanes;

    /// <summary>
    /// Query vectors of one chunk: as many as keep queries and output in the second-level cache, but enough for every tile
    /// that comes from memory to be used several times.
    /// </summary>
    public static int ChunkVectors(KvLayout layout)
    {
        const int CacheFloats = 64 * 1024;
        const int FewestGroups = 4;
        int lanes = CacheFloats / (layout.HeadDim + Columns(layout));
        return Math.Max(FewestGroups, lanes / GroupLanes) * GroupLanes;
    }

    public readonly void Reset(int partial)
    {
        float* memory = Partial(partial);
        new Span<float>(memory, _queries.Lanes).Fill(float.NegativeInfinity);
        new Span<float>(memory + _queries.Lanes, _queries.Lanes).Clear();
        new Span<bool>(_begun + (partial * Groups), Groups).Clear();
    }

    public void Fold(int partial, in NodeJob job, long start, int keyCount, Coverage coverage)
    {
        _queries.LoadTile(job, start, keyCount, withValues: true);
        for (int group = 0; group < _queries.Lanes; group += GroupLanes)
        {
            FoldGroup(partial, job, group, coverage);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Merge(int partial)
    {
        float* left = Partial(partial);
        float* right = Partial(partial + 1);
        int lanes = _queries.Lanes;
        for (int lane = 0; lane < lanes; lane += TLanes.Count)
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
            MergeColumn(left + lanes + lane, right + lanes + lane, 0, 1, a1, a2, noLeft, noRight);

            int group = lane / GroupLanes;
            if (_begun[(partial * Groups) + group] && _begun[((partial + 1) * Groups) + group])
            {
                nint at = OutputAt(group * GroupLanes) + (lane % GroupLanes);
                MergeColumn(left + at, right + at, _queries.GroupLanesAt(group * GroupLanes), _columns, a1, a2, noLeft, noRight);
            }
        }

        MoveBegun(partial);
    }

    /// <summary>Writes a partial of the stack to its place in the caller's arrays.</summary>
    public readonly void Write(int partial, in NodeJob job, float* max, float* sum, float* output)
    {
        float* memory = Partial(partial);
        int lanes = _queries.Lanes;
        int headDimV = job.Layout.HeadDimV;
        for (int lane = 0; lane < job.VectorCount; lane++)
        {
            nint slot = job.Slot(job.FirstVector + lane);
            max[slot] = memory[lane];
            sum[slot] = memory[lanes + lane];
        }

        for (int group = 0; group < lanes; group += GroupLanes)
        {
            int groupLanes = _queries.GroupLanesAt(group);
            int used = Math.Min(groupLanes, job.VectorCount - group);
            float* from = memory + OutputAt(group);
            if (!_begun[(partial * Groups) + (group / GroupLanes)])
            {
                new Span<float>(from, groupLanes * _columns).Clear();
            }

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

    private readonly int Groups => QueryLanes<TLanes, TVec, TElement, TScaled>.Groups(_queries.Lanes);

    private readonly float* Partial(int index) => _partials + (index * _partialFloats);

    /// <summary>Where the output of the group from this lane on starts in a partial.</summary>
    private readonly nint OutputAt(int group) => (2 * _queries.Lanes) + ((nint)group * _columns);

    /// <summary>Output of groups that have begun only in the next partial.</summary>
    private readonly void MoveBegun(int partial)
    {
        for (int group = 0; group < Groups; group++)
        {
            ref bool left = ref _begun[(partial * Groups) + group];
            if (!left && _begun[((partial + 1) * Groups) + group])
            {
                nint at = OutputAt(group * GroupLanes);
                int length = _queries.GroupLanesAt(group * GroupLanes) * _columns;
                new ReadOnlySpan<float>(Partial(partial + 1) + at, length).CopyTo(new Span<float>(Partial(partial) + at, length));
                left = true;
            }
        }
    }

    private void FoldGroup(int partial, in NodeJob job, int group, Coverage coverage)
    {
        TileKeys keys = _queries.Compute(job, group, coverage, mayPack: true);
        if (keys.Count == 0)
        {
            return;
        }

        int lanes = _queries.GroupLanesAt(group);
        float* scores = _queries.Scores;
        float* valueScales = QueryLanes<TLanes, TVec, TElement, TScaled>.ScalesFrom(_queries.ValueScales, keys.First);
        float* max = Partial(partial) + group;
        float* sum = max + _queries.Lanes;
        for (int lane = 0; lane < lanes; lane += TLanes.Count)
        {
            TVec tileMax = _queries.Finish(job, group, lane, keys);
            SoftmaxColumn.Weights<TLanes, TVec, TScaled>(
                scores + lane, lanes, keys.Scored, tileMax, valueScales, max + lane, sum + lane, _alpha + lane);
        }

        float* output = Partial(partial) + OutputAt(group);
        ref bool begun = ref _begun[(partial * Groups) + (group / GroupLanes)];
        float* factors = begun ? _alpha : null;
        begun = true;
        int first = 0;
        int packed = 0;
        for (int count = keys.NextStretch(ref first); count > 0; count = keys.NextStretch(ref first))
        {
            float* values = _queries.Values + ((keys.First + first) * job.Layout.ValueStride);
            LaneProduct.Run<TLanes, TVec>(
                values, job.Layout.ValueStride, _columns, scores + ((nint)(keys.Masked ? first : packed) * lanes), lanes / TLanes.Count, count, output, factors, ref _queries.NextTile);
            factors = _ones; // the chains go on
            first += count;
            packed += count;
        }
    }
}
