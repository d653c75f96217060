using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// A chunk of query vectors, one per lane, and their scores against one tile at a time. Lanes come in groups of a few
/// vectors; within a group everything is stored [component][lane].
/// </summary>
internal unsafe struct QueryLanes<TLanes, TVec, TElement, TScaled>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private const int Tile = SequenceFormat.BlockLength;
    private const uint AllPanels = (1u << KvLayout.Panels) - 1;

    private readonly int _headDim;
    private readonly float* _queries; // per group [headDim][group lanes], scaled
    private readonly float* _sizes; // per group, the largest sum of |q|; zeros for additive scores, which cannot overflow
    private readonly float* _additive; // per group [headDim][group lanes]: v of an additive score; null for products
    private readonly float* _slopes; // [lanes]; null without
    private readonly float* _tileDistances; // [group lanes]: the tile's first position − qPos
    private readonly float* _wideKeys; // [panel][headDim][16]
    private readonly float* _wideValues; // [256][value stride]
    private long _start;
    private int _keyCount;
    private float _keyBound;
    private TileMask _mask;
    private long _nextStart;
    private uint _nextPanels; // of the tile after the current one: those that the chunk will read

    /// <summary>Loads and scales the queries of a chunk into scratch memory that <see cref="ScratchBytes"/> asked for.</summary>
    public QueryLanes(in NodeJob job)
    {
        KvLayout layout = job.Layout;
        KernelScratch scratch = job.Scratch;
        _headDim = layout.HeadDim;
        _nextStart = long.MinValue;
        Lanes = LanesFor(job.VectorCount);
        _queries = scratch.Take<float>((long)_headDim * Lanes);
        _sizes = scratch.Take<float>(Groups(Lanes));
        Scores = scratch.Take<float>(Tile * GroupLanes);
        _mask = new(scratch, GroupLanes);
        _wideKeys = Widens ? scratch.Take<float>(Tile * layout.HeadDim) : null;
        _wideValues = CopiesValues(layout) ? scratch.Take<float>(Tile * layout.ValueStride) : null;
        if (layout.ValueFromKeyPrefix)
        {
            new Span<float>(_wideValues, Tile * layout.ValueStride).Clear(); // columns of padding stay zeros
        }

        _additive = job.Score.IsAdditive ? scratch.Take<float>((long)_headDim * Lanes) : null;
        _slopes = scratch.Take<float>(Lanes);
        _tileDistances = scratch.Take<float>(GroupLanes);
        LoadQueries(job);
        LoadHeads(job);
    }

    /// <summary>Lanes of a whole group.</summary>
    public static int GroupLanes => LaneProduct.MaxVectors<TLanes, TVec>() * TLanes.Count;

    /// <summary>What <see cref="Compute"/> fetches of the next tile; what follows it may go on fetching.</summary>
    public Ahead NextTile;

    /// <summary>Lanes of the chunk, a whole number of vectors; those past the last query vector hold zeros.</summary>
    public int Lanes { get; }

    /// <summary>[256][group lanes]: scores of the tile for the group last computed; at and past the keys computed, anything.</summary>
    public float* Scores { get; }

    /// <summary>The scales of the tile's values, [256]; null where there are none.</summary>
    public float* ValueScales { get; private set; }

    /// <summary>The scales of the tile's keys, [256]; null where there are none.</summary>
    public float* KeyScales { get; private set; }

    /// <summary>The tile's values as floats, [256][value stride], after <see cref="LoadTile"/> with values.</summary>
    public float* Values { get; private set; }

    private static bool Widens => TElement.Bytes != sizeof(float);

    private float* Keys { get; set; }

    /// <summary>Groups of so many lanes.</summary>
    public static int Groups(int lanes) => (lanes + GroupLanes - 1) / GroupLanes;

    public static int LanesFor(int vectorCount) => (vectorCount + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    /// <summary>Scratch memory of a chunk of so many lanes.</summary>
    public static long ScratchBytes(in NodeJob job, int lanes)
    {
        KvLayout layout = job.Layout;
        return KernelScratch.Size<float>((long)layout.HeadDim * lanes)
            + KernelScratch.Size<float>(Groups(lanes))
            + KernelScratch.Size<float>(lanes)
            + KernelScratch.Size<float>(GroupLanes)
            + KernelScratch.Size<float>(Tile * GroupLanes)
            + TileMask.ScratchBytes(GroupLanes)
            + (job.Score.IsAdditive ? KernelScratch.Size<float>((long)layout.HeadDim * lanes) : 0)
            + (Widens ? KernelScratch.Size<float>(Tile * layout.HeadDim) : 0)
            + (CopiesValues(layout) ? KernelScratch.Size<float>(Tile * layout.ValueStride) : 0);
    }

    /// <summary>Lanes of the group that starts at a lane.</summary>
    public readonly int GroupLanesAt(int group) => Math.Min(GroupLanes, Lanes - group);

    /// <summary>The scales from a key on; null where there are none.</summary>
    public static float* ScalesFrom(float* scales, int firstKey) => scales == null ? null : scales + firstKey;

    /// <summary>The mask of the group last computed, of so many lanes, from a key on.</summary>
    public readonly uint* WordsFrom(int firstKey, int lanes) => _mask.WordsFrom(firstKey, lanes);

    /// <summary>Makes a tile the current one, widening it once for all groups.</summary>
    public void LoadTile(in NodeJob job, long start, int keyCount, bool withValues)
    {
        KvLayout layout = job.Layout;
        byte* head = job.Head(start);
        _start = start;
        _keyCount = keyCount;
        _keyBound = job.KeyBound(start);
        _mask.Begin(new PositionRange(start, start + keyCount));
        uint panels = start == _nextStart ? _nextPanels : AllPanels;
        LookAhead(job, withValues);
        KeyScales = TScaled.Value ? (float*)(head + layout.KeyScaleOffset) : null;
        ValueScales = TScaled.Value ? (float*)(head + layout.ValueScaleOffset) : null;
        Keys = (float*)head;
        Values = (float*)(head + layout.ValueOffset);
        int rounded = (keyCount + KvLayout.PanelLength - 1) / KvLayout.PanelLength * KvLayout.PanelLength;
        if (Widens)
        {
            Keys = _wideKeys;
            Widen(head, Keys, layout.PanelStride, rounded, panels);
        }

        if (!CopiesValues(layout))
        {
            return;
        }

        Values = _wideValues;
        if (withValues && layout.ValueFromKeyPrefix)
        {
            KeyPrefix.CopyRows(layout, Keys, rounded, Values);
        }
        else if (withValues)
        {
            Widen(head + layout.ValueOffset, Values, (nint)KvLayout.PanelLength * layout.ValueStride, rounded, panels);
        }
    }

    /// <summary>
    /// Scales, modifies and masks the scores of the group last computed, for one vector of its lanes.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="group">First lane of the group.</param>
    /// <param name="lane">First lane of the vector within the group.</param>
    /// <param name="keys">The keys that were computed.</param>
    /// <returns>The largest score of every lane.</returns>
    public readonly TVec Finish(in NodeJob job, int group, int lane, TileKeys keys)
    {
        int lanes = GroupLanesAt(group);
        LaneModifiers modifiers = new() { Slopes = _slopes + group + lane, TileDistances = _tileDistances + lane };
        if ((job.Score.Modifiers & ScoreModifiers.Bias) != 0)
        {
            int firstVector = job.FirstVector + group;
            PositionRange rows = job.RowPositions(firstVector, Math.Min(lanes, job.VectorCount - group));
            modifiers.Biases = lane + job.Score.LaneBias.Find(job.HeadKv, firstVector, rows, _start, out modifiers.BiasStep);
        }

        return LaneScores.Finish<TLanes, TVec, TScaled>(
            job.Score, modifiers, Scores + lane, lanes, keys.Scored, ScalesFrom(KeyScales, keys.First), keys.Masked ? WordsFrom(keys.First, lanes) + lane : null);
    }

    /// <summary>
    /// Raw scores of one group against the current tile, checked for overflow: neither scaled nor masked yet.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="group">First lane of the group.</param>
    /// <param name="above">What the mask does to all groups and the tile.</param>
    /// <param name="mayPack">Whether scores of panels that nobody sees may be left out between others.</param>
    /// <returns>
    /// The keys that were computed, the first of them in row 0 of <see cref="Scores"/>. If they are masked, <see cref="WordsFrom"/> has to be
    /// applied, and in panels left out scores are anything.
    /// </returns>
    public TileKeys Compute(in NodeJob job, int group, Coverage above, bool mayPack)
    {
        int lanes = GroupLanesAt(group);
        int firstVector = job.FirstVector + group;
        int used = Math.Min(lanes, job.VectorCount - group);
        TileKeys keys = above == Coverage.Full ? TileKeys.All(_keyCount) : _mask.KeysOf(job, firstVector, used, lanes, mayPack && !TScaled.Value);
        if (keys.Count == 0)
        {
            return keys;
        }

        if ((job.Score.Modifiers & ScoreModifiers.Alibi) != 0)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                long qPos = job.FirstQueryPosition + job.Row(firstVector + Math.Min(lane, used - 1));
                _tileDistances[lane] = _start - qPos;
            }
        }

        if (_additive != null)
        {
            nint at = (nint)group * _headDim;
            AdditiveTile.Compute<TLanes, TVec, TScaled>(_queries + at, _additive + at, Keys, KeyScales, _headDim, lanes, keys.Count, Scores);
            return keys;
        }

        ScoreTile.Compute<TLanes, TVec>(_queries + ((nint)group * _headDim), Keys + ((nint)keys.First * _headDim), _headDim, lanes / TLanes.Count, keys, Scores, ref NextTile);
        if (!ScoreTile.BoundHolds(_sizes[group / GroupLanes], _keyBound))
        {
            int bad = ScoreTile.FindOverflow<TLanes, TVec>(Scores, lanes, used, keys.Scored, ScalesFrom(KeyScales, keys.First), keys.Masked ? WordsFrom(keys.First, lanes) : null);
            if (bad >= 0)
            {
                job.ThrowScoreOverflow(firstVector + bad);
            }
        }

        return keys;
    }

    /// <summary>What the chunk will read of the next tile, by quarters.</summary>
    private void LookAhead(in NodeJob job, bool withValues)
    {
        const int QuarterPanels = KvLayout.Panels / 4;
        const int Quarter = QuarterPanels * KvLayout.PanelLength;
        _nextStart = _start + Tile;
        _nextPanels = 0;
        PositionRange next = new(_nextStart, Math.Min(_nextStart + Tile, job.Positions.End));
        PositionRange rows = job.RowPositions(job.FirstVector, job.VectorCount);
        Coverage coverage = next.IsEmpty || job.IsAbsent(_nextStart) ? Coverage.None : job.Mask.Cover(rows, next);
        if (coverage == Coverage.None)
        {
            NextTile = Ahead.Nothing(Scores);
            return;
        }

        for (int quarter = 0; quarter < 4; quarter++)
        {
            PositionRange part = next.Intersect(new PositionRange(_nextStart + (quarter * Quarter), _nextStart + ((quarter + 1) * Quarter)));
            if (coverage == Coverage.Full || (!part.IsEmpty && job.Mask.Cover(rows, part) != Coverage.None))
            {
                _nextPanels |= ((1u << QuarterPanels) - 1) << (quarter * QuarterPanels);
            }
        }

        NextTile = Ahead.Over(job.Head(_nextStart), job.Layout, _nextPanels, withValues, LaneProduct.Steps<TLanes, TVec>(Tile, _headDim));
    }

    private static bool CopiesValues(KvLayout layout) => Widens || layout.ValueFromKeyPrefix;

    /// <summary>Widens the panels wanted, neighbours together.</summary>
    private static void Widen(byte* source, float* destination, nint panelLength, int keyCount, uint panels)
    {
        for (int key = 0; key < keyCount;)
        {
            int end = key;
            while (end < keyCount && (panels >> (end / KvLayout.PanelLength) & 1) != 0)
            {
                end += KvLayout.PanelLength;
            }

            nint at = key / KvLayout.PanelLength * panelLength;
            Widen(source + (at * TElement.Bytes), destination + at, (end - key) / KvLayout.PanelLength * panelLength);
            key = end + KvLayout.PanelLength;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* source, float* destination, nint count)
    {
        for (nint i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(destination + i, TElement.Load<TLanes, TVec>(source, i));
        }
    }

    /// <summary>Multiplies by the scale, once; the largest sum of sizes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ScaleQueries(float* queries, int lanes, int headDim, float scaleLog2)
    {
        float* sizes = stackalloc float[16];
        float largest = 0;
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

            TLanes.Store(sizes, size);
            for (int i = 0; i < TLanes.Count; i++)
            {
                largest = Math.Max(largest, sizes[i]);
            }
        }

        return largest;
    }

    private readonly void LoadQueries(in NodeJob job)
    {
        new Span<float>(_queries, checked(_headDim * Lanes)).Clear();
        for (int group = 0; group < Lanes; group += GroupLanes)
        {
            int groupLanes = GroupLanesAt(group);
            int used = Math.Min(groupLanes, job.VectorCount - group);
            float* to = _queries + ((nint)group * _headDim);
            for (int lane = 0; lane < used;)
            {
                int count = job.SameStride(job.FirstVector + group + lane, used - lane, out nint stride);
                LaneTranspose.Run(job.Vector(job.FirstVector + group + lane), stride * _headDim, to + lane, groupLanes, count, _headDim);
                lane += count;
            }

            float size = ScaleQueries(to, groupLanes, _headDim, job.Score.IsAdditive ? 1 : job.Score.ScaleLog2);
            _sizes[group / GroupLanes] = job.Score.IsAdditive ? 0 : size;
        }
    }

    /// <summary>What goes by the query head of a lane. Lanes past the last query vector repeat it.</summary>
    private readonly void LoadHeads(in NodeJob job)
    {
        bool alibi = (job.Score.Modifiers & ScoreModifiers.Alibi) != 0;
        for (int lane = 0; lane < Lanes && (alibi || _additive != null); lane++)
        {
            int headQ = job.HeadQ(job.FirstVector + Math.Min(lane, job.VectorCount - 1));
            if (alibi)
            {
                _slopes[lane] = job.Score.SlopesLog2[headQ];
            }

            if (_additive != null)
            {
                int group = lane / GroupLanes * GroupLanes;
                int groupLanes = GroupLanesAt(group);
                float* to = _additive + ((nint)group * _headDim) + (lane - group);
                ReadOnlySpan<float> v = job.Score.AdditiveLog2.AsSpan(headQ * _headDim, _headDim);
                for (int d = 0; d < _headDim; d++)
                {
                    to[d * groupLanes] = v[d];
                }
            }
        }
    }
}
