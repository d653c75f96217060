using System.Numerics.Tensors;

namespace DistAttention;

/// <summary>The calls of <see cref="IAttentionSequence"/> on <see cref="Tensor{T}"/>, with shapes checked dimension by dimension.</summary>
public static class TensorExtensions
{
    /// <summary>Appends rows.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="k">Keys [tokens, NumHeadsKv, HeadDim], or [tokens, HeadDim] for one head.</param>
    /// <param name="v">Values [tokens, NumHeadsKv, HeadDimV], or [tokens, HeadDimV] for one head.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static Task<AppendResult> AppendAsync(this IAttentionSequence sequence, Tensor<float> k, Tensor<float> v, AppendOptions? options = null, CancellationToken cancellationToken = default) =>
        sequence.AppendAsync(
            Flatten(k, "k", sequence.Spec.NumHeadsKv, sequence.Spec.HeadDim),
            Flatten(v, "v", sequence.Spec.NumHeadsKv, sequence.Spec.HeadDimV),
            options,
            cancellationToken);

    /// <summary>Appends rows whose values are a part of their keys.</summary>
    /// <param name="sequence">The sequence; one with <see cref="SequenceSpec.ValueFromKeyPrefix"/>.</param>
    /// <param name="k">Keys [tokens, NumHeadsKv, HeadDim], or [tokens, HeadDim] for one head.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static Task<AppendResult> AppendAsync(this IAttentionSequence sequence, Tensor<float> k, AppendOptions? options = null, CancellationToken cancellationToken = default) =>
        sequence.AppendAsync(Flatten(k, "k", sequence.Spec.NumHeadsKv, sequence.Spec.HeadDim), default, options, cancellationToken);

    /// <summary>Exact attention of query rows over the sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim], or [rows, HeadDim] for one head.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static Task<AttentionResult> AttendAsync(this IAttentionSequence sequence, Tensor<float> q, AttendOptions? options = null, CancellationToken cancellationToken = default) =>
        sequence.AttendAsync(Flatten(q, "q", sequence.Spec.NumHeadsQ, sequence.Spec.HeadDim), options, cancellationToken);

    /// <summary>A decode step: appends rows, then attends over everything up to and including them.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="k">Keys [tokens, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Values [tokens, NumHeadsKv, HeadDimV].</param>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim].</param>
    /// <param name="attend">How to attend; null for the defaults.</param>
    /// <param name="append">How to append; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static Task<AttentionResult> AppendAndAttendAsync(this IAttentionSequence sequence, Tensor<float> k, Tensor<float> v, Tensor<float> q, AttendOptions? attend = null, AppendOptions? append = null, CancellationToken cancellationToken = default) =>
        sequence.AppendAndAttendAsync(
            Flatten(k, "k", sequence.Spec.NumHeadsKv, sequence.Spec.HeadDim),
            Flatten(v, "v", sequence.Spec.NumHeadsKv, sequence.Spec.HeadDimV),
            Flatten(q, "q", sequence.Spec.NumHeadsQ, sequence.Spec.HeadDim),
            attend,
            append,
            cancellationToken);

    /// <summary>Where the attention of each row goes.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim].</param>
    /// <param name="options">How, and what to report.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static Task<AttentionMass> AttentionMassAsync(this IAttentionSequence sequence, Tensor<float> q, AttentionMassOptions options, CancellationToken cancellationToken = default) =>
        sequence.AttentionMassAsync(Flatten(q, "q", sequence.Spec.NumHeadsQ, sequence.Spec.HeadDim), options, cancellationToken);

    /// <summary>o as a tensor [rows, NumHeadsQ, HeadDimV].</summary>
    /// <param name="result">An answer of <paramref name="sequence"/>.</param>
    /// <param name="sequence">The sequence that gave it.</param>
    public static Tensor<float> OutputTensor(this AttentionResult result, IAttentionSequence sequence) =>
        Tensor.Create(result.Output.ToArray(), [(nint)result.Summary.Rows, sequence.Spec.NumHeadsQ, sequence.Spec.HeadDimV]);

    private static ReadOnlyMemory<float> Flatten(Tensor<float> tensor, string name, int heads, int headDim)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        ReadOnlySpan<nint> lengths = tensor.Lengths;
        bool fits = lengths.Length switch
        {
            3 => lengths[1] == heads && lengths[2] == headDim,
            2 => heads == 1 && lengths[1] == headDim,
            _ => false,
        };
        if (!fits)
        {
            throw new ShapeMismatchException(name, $"[tokens, {heads}, {headDim}]", $"[{string.Join(", ", lengths.ToArray())}]");
        }

        float[] flat = new float[tensor.FlattenedLength];
        tensor.FlattenTo(flat);
        return flat;
    }
}
