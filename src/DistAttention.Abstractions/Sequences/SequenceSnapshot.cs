namespace DistAttention;

/// <summary>What one call is computed against: the first <paramref name="Length"/> positions of one epoch of a sequence.</summary>
/// <param name="Epoch">Raised whenever positions are taken away (truncation); rows of one epoch never change.</param>
/// <param name="Length">Positions visible to the call.</param>
public readonly record struct SequenceSnapshot(long Epoch, long Length);
