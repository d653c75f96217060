namespace DistAttention.Engine.TensorFiles;

/// <summary>What a header is read from: a file, the body of a request. Knows how errors call it.</summary>
internal interface ITensorSource
{
    /// <summary>An error of it.</summary>
    TensorFileException Error(string problem, Exception? inner = null);
}

/// <summary>A source that can be read at any place.</summary>
internal interface ITensorBytes : ITensorSource
{
    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on.</summary>
    void ReadExactly(long offset, Span<byte> destination);
}
