namespace DistAttention;

/// <summary>How far a long call has come.</summary>
/// <param name="Done">Rows finished.</param>
/// <param name="Total">Rows in all.</param>
public readonly record struct AttentionProgress(long Done, long Total);
