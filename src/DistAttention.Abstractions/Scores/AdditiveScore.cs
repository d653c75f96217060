namespace DistAttention;

/// <summary>
/// score = v · tanh(W_q q + W_k k) (Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and
/// Translate, 2015). W_k belongs to the sequence, <see cref="SequenceSpec.KeyProjection"/>: keys are projected once, when
/// they are appended.
/// </summary>
public sealed record AdditiveScore : ScoreFunction
{
    /// <summary>Makes the score.</summary>
    /// <param name="v">v: [NumHeadsQ, StoredHeadDim], or [1, …] for all heads. Sizes up to <see cref="ScoreFunction.MaxModifier"/>.</param>
    /// <param name="queryProjection">W_q, transposed: [NumHeadsQ, HeadDim, StoredHeadDim], or [1, …] for all heads; null: q is taken as it is.</param>
    public AdditiveScore(FloatTable v, FloatTable? queryProjection = null)
    {
        ArgumentNullException.ThrowIfNull(v);
        RequireModifier(v, nameof(V), rank: 2);
        Ensure.That(queryProjection is null || queryProjection.Shape.Length == 3, nameof(QueryProjection), $"its shape {queryProjection} is not [heads, headDim, components]");
        V = v;
        QueryProjection = queryProjection;
    }

    /// <summary>v: [NumHeadsQ or 1, StoredHeadDim].</summary>
    public FloatTable V { get; }

    /// <summary>W_q, transposed: [NumHeadsQ or 1, HeadDim, StoredHeadDim]; null: q is taken as it is.</summary>
    public FloatTable? QueryProjection { get; private init; }

    /// <inheritdoc/>
    public override float EffectiveScale(int headDim) => 1;

    /// <inheritdoc/>
    public override ScoreFunction OverPreparedQueries() =>
        QueryProjection is null && SinkLogits is null ? this : this with { QueryProjection = null, SinkLogits = null };

    /// <inheritdoc/>
    public override void ValidateFor(SequenceSpec spec)
    {
        base.ValidateFor(spec);
        RequireHeads(V, nameof(V), spec.NumHeadsQ);
        RequireHeads(QueryProjection, nameof(QueryProjection), spec.NumHeadsQ);
        Ensure.That(V.Shape[1] == spec.StoredHeadDim, nameof(V), $"its shape {V} does not fit keys of {spec.StoredHeadDim} components");
        if (QueryProjection is null)
        {
            RequireSameSize(spec, "an additive score that does not project q");
            return;
        }

        Ensure.That(
            QueryProjection.Shape[1] == spec.HeadDim && QueryProjection.Shape[2] == spec.StoredHeadDim,
            nameof(QueryProjection),
            $"its shape {QueryProjection} does not take q of {spec.HeadDim} components to keys of {spec.StoredHeadDim}");
    }
}
