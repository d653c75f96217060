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
}
