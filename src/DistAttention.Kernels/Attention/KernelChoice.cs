namespace DistAttention.Kernels;

/// <summary>Which kernel computes a chunk. Never changes a bit of the result.</summary>
internal enum KernelChoice
{
    /// <summary>Whichever was measured to be faster for so many query vectors.</summary>
    Measured,

    /// <summary>Prefill: queries side by side.</summary>
    QueryLanes,

    /// <summary>Decode: keys and columns side by side.</summary>
    KeyLanes,
}
