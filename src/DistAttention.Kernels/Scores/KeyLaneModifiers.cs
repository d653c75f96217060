using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// What decode needs for scores that are more than products: modifiers of one query against a tile of keys side by side,
/// and additive scores. The arithmetic of <see cref="LaneScores"/> and <see cref="AdditiveTile"/>, lane for lane.
/// </summary>
internal readonly unsafe struct KeyLaneModifiers<TLanes, TVec, TElement, TScaled>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private const int Tile = SequenceFormat.BlockLength;

    private readonly int _headDim;
    private readonly float* _ordinals; // [256]: 0, 1, 2, …
    private readonly float* _biases; // [256]: of the query and tile at hand
    private readonly float* _queries; // [count][headDim], for additive scores
    private readonly float* _additive; // [count][headDim]: v

    public KeyLaneModifiers(in NodeJob job)
    {
        _headDim = job.Layout.HeadDim;
        if (job.Score.IsPlain)
        {
            return;
        }

        KernelScratch scratch = job.Scratch;
        _ordinals = scratch.Take<float>(Tile);
        _biases = scratch.Take<float>(Tile);
        for (int key = 0; key < Tile; key++)
        {
            _ordinals[key] = key;
        }

        if (job.Score.IsAdditive)
        {
            _queries = scratch.Take<float>((long)job.VectorCount * _headDim);
            _additive = scratch.Take<float>((long)job.VectorCount * _headDim);
            for (int i = 0; i < job.VectorCount; i++)
            {
                int vector = job.FirstVector + i;
                new ReadOnlySpan<float>(job.Vector(vector), _headDim).CopyTo(new Span<float>(_queries + ((nint)i * _headDim), _headDim));
                job.Score.AdditiveLog2.AsSpan(job.HeadQ(vector) * _headDim, _headDim).CopyTo(new Span<float>(_additive + ((nint)i * _headDim), _headDim));
            }
        }
    }

    /// <summary>Scratch memory of a chunk.</summary>
    public static long ScratchBytes(in NodeJob job) => job.Score.IsPlain
        ? 0
        : (2 * KernelScratch.Size<float>(Tile)) + (job.Score.IsAdditive ? 2 * KernelScratch.Size<float>((long)job.VectorCount * job.Layout.HeadDim) : 0);

    /// <summary>Raw additive scores of some queries: scores[query][key].</summary>
    /// <param name="keys">[panel][headDim][16], as stored.</param>
    /// <param name="keyScales">[256], where keys are scaled.</param>
    /// <param name="count">Queries.</param>
    /// <param name="keyCount">Keys wanted; whole vectors are computed.</param>
    /// <param name="scores">[count][256].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Additive(byte* keys, float* keyScales, int count, int keyCount, float* scores)
    {
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            nint panel = ((nint)(key / KvLayout.PanelLength) * KvLayout.PanelLength * _headDim) + (key % KvLayout.PanelLength);
            TVec scale = TScaled.Value ? TLanes.Load(keyScales + key) : TLanes.Zero;
            for (int i = 0; i < count; i++)
            {
                float* q = _queries + ((nint)i * _headDim);
                float* v = _additive + ((nint)i * _headDim);
                TVec sum = TLanes.Zero;
                for (nint d = 0; d < _headDim; d++)
                {
                    TVec k = TElement.Load<TLanes, TVec>(keys, panel + (d * KvLayout.PanelLength));
                    TVec query = TLanes.Broadcast(q[d]);
                    TVec x = TScaled.Value ? TLanes.Fma(k, scale, query) : TLanes.Add(k, query);
                    sum = TLanes.Fma(TLanes.Broadcast(v[d]), Tanh.Of<TLanes, TVec>(x), sum);
                }

                TLanes.Store(scores + (i * Tile) + key, sum);
            }
        }
    }

    /// <summary>Scales, modifies and masks the scores of one query in place, and returns the largest.</summary>
    /// <param name="job">The job.</param>
    /// <param name="head">K/V heads after the job's.</param>
    /// <param name="i">The query vector within the chunk.</param>
    /// <param name="start">Position of the tile's first key.</param>
    /// <param name="scores">[256].</param>
    /// <param name="keyCount">Keys.</param>
    /// <param name="keyScales">[256], where keys are scaled.</param>
    /// <param name="bits">The row's mask; null: all is seen.</param>
    public float Finish(in NodeJob job, int head, int i, long start, float* scores, int keyCount, float* keyScales, uint* bits)
    {
        CompiledScore score = job.Score;
        int vector = job.FirstVector + i;
        int headQ = job.HeadQ(vector) + (head * job.GroupSize);
        long distance = start - (job.FirstQueryPosition + job.Row(vector));
        if (TScaled.Value && !score.IsAdditive)
        {
            Scale(scores, keyCount, keyScales);
        }

        if ((score.Modifiers & ScoreModifiers.SoftCap) != 0)
        {
            Apply(new SoftCapModifier<TLanes, TVec>(score), scores, keyCount);
        }

        if ((score.Modifiers & ScoreModifiers.Alibi) != 0)
        {
            Apply(new AlibiKeys<TLanes, TVec>(score.SlopesLog2[headQ], distance, _ordinals), scores, keyCount);
        }

        if ((score.Modifiers & ScoreModifiers.Bias) != 0)
        {
            score.CopyBiases(headQ, distance, new Span<float>(_biases, Tile));
            Apply(new BiasModifier<TLanes, TVec>(_biases, 1), scores, keyCount);
        }

        return SoftmaxRow.Scores<TLanes, TVec, No>(scores, keyCount, null, bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(float* scores, int keyCount, float* keyScales)
    {
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            TLanes.Store(scores + key, TLanes.Multiply(TLanes.Load(scores + key), TLanes.Load(keyScales + key)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TModifier>(TModifier modifier, float* scores, int keyCount)
        where TModifier : struct, IScoreModifier<TVec>
    {
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            TLanes.Store(scores + key, modifier.Of(TLanes.Load(scores + key), key));
        }
    }
}
