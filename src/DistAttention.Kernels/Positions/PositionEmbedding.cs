namespace DistAttention.Kernels;

/// <summary>Absolute position embeddings, for callers to add to their inputs before projecting them to q, k and v.</summary>
public static class PositionEmbedding
{
    /// <summary>
    /// Adds sin(position / 10000^(2i/size)) to component 2i and its cosine to component 2i + 1 (Vaswani et al. 2017, 3.5).
    /// </summary>
    /// <param name="inputs">[tokens, size], changed in place.</param>
    /// <param name="size">Components of an input, at least 1.</param>
    /// <param name="firstPosition">Position of the first token, at most 2⁴⁰ in size with all of them.</param>
    public static void AddSinusoidal(Span<float> inputs, int size, long firstPosition = 0)
    {
        RequireWholeRows(inputs.Length, size);
        RequirePositions(firstPosition, inputs.Length / size);
        double[] frequencies = RotaryEmbedding.Frequencies((size + 1) / 2, size, 10_000);
        for (int at = 0; at < inputs.Length; at += size)
        {
            long position = firstPosition + (at / size);
            for (int i = 0; i < size; i += 2)
            {
                (double sin, double cos) = SinCos.Of(position, frequencies[i / 2]);
                inputs[at + i] += (float)sin;
                if (i + 1 < size)
                {
                    inputs[at + i + 1] += (float)cos;
                }
            }
        }
    }

    /// <summary>Adds row <paramref name="firstPosition"/> + i of a learned table to input i.</summary>
    /// <param name="inputs">[tokens, size], changed in place.</param>
    /// <param name="table">[positions, size].</param>
    /// <param name="size">Components of an input, at least 1.</param>
    /// <param name="firstPosition">Position of the first token, at least 0.</param>
    /// <exception cref="ShapeMismatchException">The table has no row for a token.</exception>
    public static void AddLearned(Span<float> inputs, ReadOnlySpan<float> table, int size, long firstPosition = 0)
    {
        RequireWholeRows(inputs.Length, size);
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        long needed = (firstPosition * size) + inputs.Length;
        if (table.Length % size != 0 || firstPosition > table.Length / size || needed > table.Length)
        {
            throw new ShapeMismatchException("table", $"at least {firstPosition + (inputs.Length / size)} rows of {size}", $"{table.Length} values");
        }

        System.Numerics.Tensors.TensorPrimitives.Add(inputs, table.Slice((int)(firstPosition * size), inputs.Length), inputs);
    }

    private static void RequireWholeRows(int length, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (length % size != 0)
        {
            throw new ShapeMismatchException("inputs", $"[tokens, {size}], a multiple of {size} values", $"{length} values");
        }
    }

    private static void RequirePositions(long first, int count)
    {
        if (first < -RotaryEmbedding.MaxPosition || first + count > RotaryEmbedding.MaxPosition)
        {
            throw new ArgumentOutOfRangeException(nameof(first), first, $"Positions are not within ±{RotaryEmbedding.MaxPosition}.");
        }
    }
}
