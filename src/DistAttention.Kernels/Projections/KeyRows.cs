namespace DistAttention.Kernels;

/// <summary>What becomes of keys between the caller and the block: projected, then turned by their positions. A row's result depends on that row and its position alone.</summary>
public static class KeyRows
{
    /// <summary>Prepares keys for <see cref="KvPacker.Pack(KvLayout, Span{byte}, int, ReadOnlySpan{float}, ReadOnlySpan{float})"/>.</summary>
    /// <param name="spec">The sequence; one for which <see cref="SequenceSpec.StoresKeysAsGiven"/> is false.</param>
    /// <param name="k">[count, NumHeadsKv, HeadDim].</param>
    /// <param name="firstPosition">Position of the first row in the sequence.</param>
    /// <param name="destination">Receives [count, NumHeadsKv, StoredHeadDim].</param>
    /// <exception cref="InvalidTensorException">A row cannot be stored once it is prepared; the token is counted from the first row.</exception>
    /// <exception cref="InvalidSpecException">A position is farther than keys are turned.</exception>
    public static void Prepare(SequenceSpec spec, ReadOnlySpan<float> k, long firstPosition, Span<float> destination)
    {
        int count = k.Length / (spec.NumHeadsKv * spec.HeadDim);
        Span<float> rows = destination[..(count * spec.NumHeadsKv * spec.StoredHeadDim)];
        if (spec.KeyProjection is { } projection)
        {
            RowProjection.Run(projection, k, spec.NumHeadsKv, rows);
        }
        else
        {
            k.CopyTo(rows);
        }

        if (spec.Rope is { } rope)
        {
            if (firstPosition + count > RotaryEmbedding.MaxPosition)
            {
                throw new InvalidSpecException(nameof(SequenceSpec.Rope), $"position {firstPosition + count - 1} is not below {RotaryEmbedding.MaxPosition}");
            }

            RotaryRows.Turn(rope, rows, spec.NumHeadsKv, spec.StoredHeadDim, firstPosition);
        }

        KvPacker.ValidateKeys(KvLayout.Of(spec), rows);
    }
}
