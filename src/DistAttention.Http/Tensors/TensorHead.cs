using DistAttention.Engine.TensorFiles;

namespace DistAttention.Http.Tensors;

/// <summary>A tensor of a body, as declared before its elements.</summary>
/// <param name="Name">Its name; null where the format has none, and the order tells.</param>
/// <param name="Layout">Its type and shape.</param>
internal sealed record TensorHead(string? Name, TensorLayout Layout)
{
    /// <summary>Its first dimension; 1 for a scalar.</summary>
    public long Rows => Layout.Shape is [long rows, ..] ? rows : 1;

    /// <summary>Elements, which are known not to overflow.</summary>
    public long Length => Layout.Shape.Aggregate(1L, static (product, dimension) => product * dimension);

    /// <summary>"[4096, 8, 64]".</summary>
    public string Shape => $"[{string.Join(", ", Layout.Shape)}]";

    /// <summary>How errors call it.</summary>
    public string Title => Name is null ? "the tensor" : $"tensor {UntrustedText.Quote(Name)}";
}
