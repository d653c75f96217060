namespace DistAttention.Engine.TensorFiles;

/// <summary>A tensor file cannot be read or written: it is not there, not a tensor file, damaged, or of a kind that is not supported.</summary>
public sealed class TensorFileException(string file, string problem, Exception? inner = null)
    : DistAttentionException($"{file}: {problem}.", inner)
{
    /// <summary>The file, as it was named.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; } = problem;
}
