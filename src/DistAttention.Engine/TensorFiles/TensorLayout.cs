namespace DistAttention.Engine.TensorFiles;

/// <summary>What a header says about a tensor, already held against the file: its elements lie at <see cref="Offset"/>, inside the file.</summary>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Shape">Its dimensions; elements in C order.</param>
/// <param name="Offset">Where its first element starts in the file.</param>
internal sealed record TensorLayout(TensorDataType Type, long[] Shape, long Offset)
{
    /// <summary>The most dimensions a header may declare.</summary>
    public const int MaxRank = 32;

    /// <summary>The bytes that elements of this shape take; null if it is more than any file could hold.</summary>
    /// <remarks>An empty dimension makes the answer 0, but the other ones still must not overflow: rows are measured with them.</remarks>
    public static long? ByteLength(ReadOnlySpan<long> shape, TensorDataType type)
    {
        Int128 bytes = type.Size();
        bool empty = false;
        foreach (long dimension in shape)
        {
            empty |= dimension == 0;
            bytes *= Math.Max(dimension, 1); // at most 2^63 · 2^63: cannot overflow before it is checked
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return empty ? 0 : (long)bytes;
    }

    /// <summary>The bytes that its elements take.</summary>
    /// <exception cref="TensorFileException">It is more than any file could hold.</exception>
    public long RequireBytes(ITensorSource file) =>
        ByteLength(Shape, Type) ?? throw file.Error($"declares {Describe(Shape, Type)}, which is more than any file can hold");

    /// <summary>"[4096, 8, 64] float32".</summary>
    public static string Describe(ReadOnlySpan<long> shape, TensorDataType type) =>
        $"[{string.Join(", ", shape.ToArray())}] {type.Name()}";
}
