namespace DistAttention.Contracts;

/// <summary>What a client keeps of an open sequence.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Tells it apart from other sequences that had or will have the name.</param>
/// <param name="Spec">Its shape and storage.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.SequenceHandle")]
public sealed record SequenceHandle(
    [property: Id(0)] string Name,
    [property: Id(1)] Guid Uid,
    [property: Id(2)] Packed<SequenceSpec> Spec);
