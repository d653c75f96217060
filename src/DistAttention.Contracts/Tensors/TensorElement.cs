namespace DistAttention.Contracts;

/// <summary>What a payload's elements are.</summary>
public enum TensorElement
{
    /// <summary>IEEE binary32.</summary>
    Float32 = 1,

    /// <summary>64-bit integers.</summary>
    Int64 = 2,
}
