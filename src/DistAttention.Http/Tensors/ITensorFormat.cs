using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Bodies;

namespace DistAttention.Http.Tensors;

/// <summary>A float32 tensor of an answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions.</param>
internal sealed record AnswerTensor(string Name, params long[] Shape)
{
    /// <summary>Bytes of its elements.</summary>
    public long Bytes => Shape.Aggregate((long)sizeof(float), static (product, dimension) => checked(product * dimension));
}

/// <summary>How tensors lie in a body. Reading is by rows as they come; an answer's bytes are the elements of its tensors with something known before each.</summary>
internal interface ITensorFormat
{
    /// <summary>Its media type.</summary>
    string MediaType { get; }

    /// <summary>Other names of it that requests may use.</summary>
    IReadOnlyList<string> Aliases { get; }

    /// <summary>Reads a body.</summary>
    TensorBodyReader Read(BodyBytes body);

    /// <summary>The bytes before each tensor of an answer.</summary>
    /// <exception cref="TensorFileException">The format cannot hold them.</exception>
    byte[][] Heads(IReadOnlyList<AnswerTensor> tensors);
}
