namespace DistAttention.Kernels;

/// <summary>What changes scores between scaling and mask, in this order.</summary>
[Flags]
internal enum ScoreModifiers
{
    None = 0,

    /// <summary>c · tanh(score / c).</summary>
    SoftCap = 1,

    /// <summary>Slope times distance.</summary>
    Alibi = 2,

    /// <summary>A number per head and distance.</summary>
    Bias = 4,
}
