using DistAttention.Kernels;

namespace DistAttention.Testing;

/// <summary>One seeded attention problem: shapes, data, and what it should give.</summary>
public sealed record AttentionProblem
{
    private readonly Lazy<(float[] Q, float[] K, float[] V)> _data;

    /// <summary>A problem whose data is made when it is first asked for.</summary>
    public AttentionProblem() => _data = new(MakeData);

    private AttentionProblem(AttentionProblem original)
    {
        (Seed, NumHeadsKv, GroupSize, HeadDim, HeadDimV, Length, Rows) =
            (original.Seed, original.NumHeadsKv, original.GroupSize, original.HeadDim, original.HeadDimV, original.Length, original.Rows);
        (KvType, Mask, FirstQueryPosition, QFactor, KFactor, VFactor, SmScale) =
            (original.KvType, original.Mask, original.FirstQueryPosition, original.QFactor, original.KFactor, original.VFactor, original.SmScale);
        (ScoreFunction, Rope, KeyProjection, ValueFromKeyPrefix) = (original.ScoreFunction, original.Rope, original.KeyProjection, original.ValueFromKeyPrefix);
        _data = new(MakeData);
    }

    /// <summary>Seed of the data.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>K/V heads.</summary>
    public int NumHeadsKv { get; init; } = 1;

    /// <summary>Query heads per K/V head.</summary>
    public int GroupSize { get; init; } = 1;

    /// <summary>Components of q and k.</summary>
    public int HeadDim { get; init; } = 16;

    /// <summary>Components of v.</summary>
    public int HeadDimV { get; init; } = 16;

    /// <summary>Positions.</summary>
    public int Length { get; init; }

    /// <summary>Query rows.</summary>
    public int Rows { get; init; } = 1;

    /// <summary>How K and V are stored.</summary>
    public KvDataType KvType { get; init; }

    /// <summary>Which positions each row sees.</summary>
    public AttentionMask Mask { get; init; } = AttentionMask.Full;

    /// <summary>Position of row 0; null: the last row stands at the last position.</summary>
    public long? FirstQueryPosition { get; init; }

    /// <summary>Standard deviation of q.</summary>
    public double QFactor { get; init; } = 1;

    /// <summary>Standard deviation of k.</summary>
    public double KFactor { get; init; } = 1;

    /// <summary>Standard deviation of v.</summary>
    public double VFactor { get; init; } = 1;

    /// <summary>The natural scale; null: 1/√HeadDim.</summary>
    public float? SmScale { get; init; }

    /// <summary>How scores are made; null: scaled dot products with <see cref="SmScale"/>.</summary>
    public ScoreFunction? ScoreFunction { get; init; }

    /// <summary>How q and k are turned.</summary>
    public RotaryEmbedding? Rope { get; init; }

    /// <summary>What keys are multiplied by.</summary>
    public FloatTable? KeyProjection { get; init; }

    /// <summary>Whether values are the first components of keys.</summary>
    public bool ValueFromKeyPrefix { get; init; }

    /// <summary>The score as used.</summary>
    public ScoreFunction Score => ScoreFunction ?? (SmScale is { } scale ? new ScaledDotScore { SmScale = scale } : DistAttention.ScoreFunction.ScaledDot);

    /// <summary>Shape and storage.</summary>
    public SequenceSpec SequenceSpec => new()
    {
        NumHeadsQ = NumHeadsQ,
        NumHeadsKv = NumHeadsKv,
        HeadDim = HeadDim,
        HeadDimV = HeadDimV,
        KvType = KvType,
        Rope = Rope,
        KeyProjection = KeyProjection,
        ValueFromKeyPrefix = ValueFromKeyPrefix,
    };

    /// <summary>Query heads.</summary>
    public int NumHeadsQ => NumHeadsKv * GroupSize;

    /// <summary>The layout of its blocks.</summary>
    public KvLayout Layout => KvLayout.Of(SequenceSpec);

    /// <summary>[Rows, NumHeadsQ, HeadDim].</summary>
    public float[] Q => _data.Value.Q;

    /// <summary>[Length, NumHeadsKv, HeadDim].</summary>
    public float[] K => _data.Value.K;

    /// <summary>[Length, NumHeadsKv, HeadDimV].</summary>
    public float[] V => _data.Value.V;

    /// <summary>Position of row 0 as used.</summary>
    public long EffectiveFirstQueryPosition => FirstQueryPosition ?? Length - Rows;

    /// <summary>The queries as a kernel takes them.</summary>
    public QueryTile QueryTile => new(
        PreparedQ(), Rows, NumHeadsQ, EffectiveFirstQueryPosition, CompiledScore.Compile(Score.OverPreparedQueries(), SequenceSpec), CompiledMask.Compile(Mask));

    /// <summary>Packs K and V, keys projected and turned.</summary>
    public PackedSequence Pack() => PackedSequence.Of(Layout, PreparedK(Length), V);

    /// <summary>The first keys as they are packed.</summary>
    /// <param name="count">How many.</param>
    public float[] PreparedK(int count) => PrepareK(K.AsSpan(0, count * NumHeadsKv * HeadDim), 0);

    /// <summary>Keys as they are packed.</summary>
    /// <param name="k">[count, NumHeadsKv, HeadDim].</param>
    /// <param name="firstPosition">Position of the first.</param>
    public float[] PrepareK(ReadOnlySpan<float> k, long firstPosition)
    {
        SequenceSpec spec = SequenceSpec;
        if (spec.StoresKeysAsGiven)
        {
            return k.ToArray();
        }

        float[] prepared = new float[k.Length / HeadDim * spec.StoredHeadDim];
        KeyRows.Prepare(spec, k, firstPosition, prepared);
        return prepared;
    }

    /// <summary>Queries as they meet keys, [Rows, NumHeadsQ, StoredHeadDim].</summary>
    public float[] PreparedQ()
    {
        SequenceSpec spec = SequenceSpec;
        if (!QueryRows.NeedPreparing(spec, Score))
        {
            return Q;
        }

        float[] prepared = new float[Q.Length / HeadDim * spec.StoredHeadDim];
        QueryRows.Prepare(spec, Score, Q, EffectiveFirstQueryPosition, prepared);
        return prepared;
    }

    /// <summary>What a plain float32 program answers for one row and head, over K and V as stored.</summary>
    /// <param name="k">[positions, NumHeadsKv, StoredHeadDim].</param>
    /// <param name="v">[positions, NumHeadsKv, HeadDimV].</param>
    /// <param name="row">The row.</param>
    /// <param name="head">The query head.</param>
    /// <param name="output">[HeadDimV].</param>
    /// <returns>lse.</returns>
    public float NaiveRow(float[] k, float[] v, int row, int head, Span<float> output) => NaiveAttention.Row(
        SequenceSpec,
        Score,
        Q.AsSpan(((row * NumHeadsQ) + head) * HeadDim, HeadDim),
        k,
        v,
        head,
        EffectiveFirstQueryPosition + row,
        kvPos => Mask.IsVisible(EffectiveFirstQueryPosition + row, kvPos),
        output);

    /// <summary>The reference over K and V as stored.</summary>
    /// <param name="sequence">The packed K and V.</param>
    public ReferenceAttention Reference(PackedSequence sequence)
    {
        (float[] k, float[] v) = sequence.Stored();
        return new ReferenceAttention(Q, k, v, SequenceSpec, Score)
        {
            Mask = Mask,
            FirstQueryPosition = EffectiveFirstQueryPosition,
        };
    }

    /// <summary>Computes the whole answer through the public kernels, one root node per K/V head.</summary>
    /// <param name="sequence">The packed K and V.</param>
    /// <returns>o [Rows, NumHeadsQ, HeadDimV] and lse [Rows, NumHeadsQ].</returns>
    public (float[] Output, float[] Lse) Compute(PackedSequence sequence)
    {
        const int RootLevel = 20;
        using KernelScratch scratch = new();
        PartialBuffer root = new(Rows, NumHeadsQ, HeadDimV);
        for (int headKv = 0; headKv < NumHeadsKv; headKv++)
        {
            AttentionKernel.ComputeNode(sequence.View(), headKv, QueryTile, 0, Rows, 0, RootLevel, root.Span, scratch, CancellationToken.None);
        }

        return Finish(root);
    }

    /// <summary>Turns the root into the answer.</summary>
    /// <param name="root">The partial over all positions.</param>
    public (float[] Output, float[] Lse) Finish(PartialBuffer root)
    {
        float[] output = new float[Rows * NumHeadsQ * HeadDimV];
        float[] lse = new float[Rows * NumHeadsQ];
        if (Score.SinkLogits is not null)
        {
            PartialSink.Add(root.Span, CompiledScore.SinksLog2(Score, NumHeadsQ));
        }

        PartialMerge.Finish(root.Span, output, lse);
        return (output, lse);
    }

    /// <summary>Shapes and seed, for a test's message.</summary>
    public override string ToString() =>
        $"seed {Seed}: {Rows} rows × {Length} positions, heads {NumHeadsKv}×{GroupSize}, size {HeadDim}/{HeadDimV}, {KvType}, {Mask}"
        + (ScoreFunction is null ? "" : $", {ScoreFunction}") + (Rope is null ? "" : $", {Rope}")
        + $", factors {QFactor}/{KFactor}/{VFactor}, first query at {EffectiveFirstQueryPosition}";

    private (float[] Q, float[] K, float[] V) MakeData()
    {
        SeededData data = new(Seed);
        return (
            data.Normal(Rows * NumHeadsQ * HeadDim, QFactor),
            data.Normal(Length * NumHeadsKv * HeadDim, KFactor),
            ValueFromKeyPrefix ? [] : data.Normal(Length * NumHeadsKv * HeadDimV, VFactor));
    }
}
