namespace DistAttention.Calls;

/// <summary>Checks the lengths of flat tensors against a sequence's shape.</summary>
internal static class Shapes
{
    /// <summary>Rows of a tensor [rows, heads, headDim] given flat.</summary>
    public static int RequireRows(string tensor, int length, int heads, int headDim)
    {
        int row = heads * headDim;
        return length % row == 0
            ? length / row
            : throw new ShapeMismatchException(tensor, $"[tokens, {heads}, {headDim}], a multiple of {row} values", $"{length} values");
    }

    /// <summary>Requires a tensor [rows, heads, headDim] given flat to have so many rows.</summary>
    public static void RequireRows(string tensor, int length, int heads, int headDim, int rows)
    {
        if (length != (long)rows * heads * headDim)
        {
            throw new ShapeMismatchException(tensor, $"[{rows}, {heads}, {headDim}]", $"{length} values");
        }
    }

    /// <summary>Requires k and v to hold the same number of rows for a sequence; where values are a part of keys, v must be empty.</summary>
    /// <returns>Rows.</returns>
    public static int RequireAppend(SequenceSpec spec, ReadOnlyMemory<float> k, ReadOnlyMemory<float> v)
    {
        int rows = RequireRows("k", k.Length, spec.NumHeadsKv, spec.HeadDim);
        if (spec.ValueFromKeyPrefix && !v.IsEmpty)
        {
            throw new ShapeMismatchException("v", "empty, because the sequence takes values from its keys", $"{v.Length} values");
        }

        RequireRows("v", v.Length, spec.NumHeadsKv, spec.AppendedHeadDimV, rows);
        return rows;
    }

    /// <summary>Requires room for the answer to so many rows, apart from q: tiles are answered while others are still read.</summary>
    /// <returns>Rows of q.</returns>
    public static int RequireAnswer(SequenceSpec spec, ReadOnlyMemory<float> q, ReadOnlyMemory<float> destination, ReadOnlyMemory<float> lse)
    {
        int rows = RequireRows("q", q.Length, spec.NumHeadsQ, spec.HeadDim);
        RequireRows("destination", destination.Length, spec.NumHeadsQ, spec.HeadDimV, rows);
        if (!lse.IsEmpty)
        {
            RequireRows("lse", lse.Length, spec.NumHeadsQ, 1, rows);
        }

        RequireApart("destination", destination, "q", q);
        RequireApart("lse", lse, "q", q);
        RequireApart("lse", lse, "destination", destination);
        return rows;
    }

    private static void RequireApart(string tensor, ReadOnlyMemory<float> memory, string otherTensor, ReadOnlyMemory<float> other)
    {
        if (memory.Span.Overlaps(other.Span))
        {
            throw new ShapeMismatchException(tensor, $"memory apart from {otherTensor}", $"memory that overlaps {otherTensor}");
        }
    }
}
