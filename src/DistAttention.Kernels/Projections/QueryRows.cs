namespace DistAttention.Kernels;

/// <summary>
/// What becomes of queries before they meet stored keys: projected as the score says, then turned by their positions as the
/// sequence says. Done once per row, where the call's snapshot is known.
/// </summary>
public static class QueryRows
{
    /// <summary>Whether queries have to be prepared at all.</summary>
    /// <param name="spec">The sequence.</param>
    /// <param name="score">The score.</param>
    public static bool NeedPreparing(SequenceSpec spec, ScoreFunction score) => spec.Rope is not null || ProjectionOf(score) is not null;

    /// <summary>Prepares query rows.</summary>
    /// <param name="spec">The sequence.</param>
    /// <param name="score">The score, valid for the sequence.</param>
    /// <param name="q">[rows, NumHeadsQ, HeadDim].</param>
    /// <param name="firstPosition">Position of the first row.</param>
    /// <param name="destination">Receives [rows, NumHeadsQ, StoredHeadDim].</param>
    /// <exception cref="NumericOverflowException">A projected query exceeds float32; the row is counted from the first.</exception>
    /// <exception cref="InvalidSpecException">A position is farther than queries are turned.</exception>
    public static void Prepare(SequenceSpec spec, ScoreFunction score, ReadOnlySpan<float> q, long firstPosition, Span<float> destination)
    {
        int count = q.Length / (spec.NumHeadsQ * spec.HeadDim);
        Span<float> rows = destination[..(count * spec.NumHeadsQ * spec.StoredHeadDim)];
        if (ProjectionOf(score) is { } projection)
        {
            RowProjection.Run(projection, q, spec.NumHeadsQ, rows);
        }
        else
        {
            q.CopyTo(rows);
        }

        if (spec.Rope is { } rope)
        {
            if (firstPosition < -RotaryEmbedding.MaxPosition || firstPosition > RotaryEmbedding.MaxPosition - count)
            {
                throw new InvalidSpecException(nameof(AttendOptions.FirstQueryPosition), $"{firstPosition} is farther than rotary embeddings reach, {RotaryEmbedding.MaxPosition}");
            }

            RotaryRows.Turn(rope, rows, spec.NumHeadsQ, spec.StoredHeadDim, firstPosition);
        }

        try
        {
            KvPacker.ValidateFinite("q", rows, spec.NumHeadsQ, spec.StoredHeadDim);
        }
        catch (InvalidTensorException overflow)
        {
            throw new NumericOverflowException(overflow.Token, overflow.Head, "The prepared query");
        }
    }

    private static FloatTable? ProjectionOf(ScoreFunction score) => score switch
    {
        MultiplicativeScore multiplicative => multiplicative.Weights,
        AdditiveScore additive => additive.QueryProjection,
        _ => null,
    };
}
