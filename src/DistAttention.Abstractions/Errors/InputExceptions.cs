namespace DistAttention;

/// <summary>A property of a spec or of options is impossible.</summary>
public sealed class InvalidSpecException(string property, string problem) : DistAttentionException($"{property}: {problem}.")
{
    /// <summary>The property.</summary>
    public string Property { get; } = property;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; } = problem;
}

/// <summary>A tensor does not have the shape the sequence asks for.</summary>
public sealed class ShapeMismatchException(string tensor, string expected, string actual)
    : DistAttentionException($"{tensor} must be {expected}, but is {actual}.")
{
    /// <summary>The tensor: q, k, v, destination or lse.</summary>
    public string Tensor { get; } = tensor;

    /// <summary>The shape asked for.</summary>
    public string Expected { get; } = expected;

    /// <summary>The shape given.</summary>
    public string Actual { get; } = actual;
}

/// <summary>A tensor holds a value that cannot be used: NaN, infinite, or too large for the stored type.</summary>
public sealed class InvalidTensorException(string tensor, long token, int head, string problem)
    : DistAttentionException($"{tensor}[token {token}, head {head}] {problem}.")
{
    /// <summary>The tensor: q, k or v.</summary>
    public string Tensor { get; } = tensor;

    /// <summary>The token, counted from the start of the tensor given.</summary>
    public long Token { get; } = token;

    /// <summary>The head.</summary>
    public int Head { get; } = head;

    /// <summary>What is wrong with the value.</summary>
    public string Problem { get; } = problem;

    /// <summary>The same error of a token counted from elsewhere.</summary>
    /// <param name="newToken">The token.</param>
    public InvalidTensorException InToken(long newToken) => new(Tensor, newToken, Head, Problem);
}

/// <summary>A visible score, or the output, of a row exceeds float32: the inputs are too large for exact attention in float32.</summary>
public sealed class NumericOverflowException(long row, int head, string what)
    : DistAttentionException($"{what} of query row {row}, head {head} exceeds float32.")
{
    /// <summary>The query row, counted from the start of q.</summary>
    public long Row { get; } = row;

    /// <summary>The query head.</summary>
    public int Head { get; } = head;

    /// <summary>What exceeds float32.</summary>
    public string What { get; } = what;

    /// <summary>The same error of a row counted from elsewhere.</summary>
    /// <param name="newRow">The row.</param>
    public NumericOverflowException InRow(long newRow) => new(newRow, Head, What);
}

/// <summary>The text of a mask cannot be read.</summary>
public sealed class MaskSyntaxException(string text, int position, string problem)
    : DistAttentionException($"mask '{text}', character {position + 1}: {problem}.")
{
    /// <summary>The text.</summary>
    public string Text { get; } = text;

    /// <summary>Index of the character that is wrong, from 0.</summary>
    public int Position { get; } = position;

    /// <summary>What is wrong there.</summary>
    public string Problem { get; } = problem;
}
