namespace DistAttention.Client;

/// <summary>One sequence's part of a batch.</summary>
/// <param name="Sequence">A sequence of the client that runs the batch.</param>
/// <param name="Q">Queries [rows, NumHeadsQ, HeadDim] of that sequence.</param>
/// <param name="Options">How; null for the defaults.</param>
public sealed record BatchItem(IAttentionSequence Sequence, ReadOnlyMemory<float> Q, AttendOptions? Options = null);
