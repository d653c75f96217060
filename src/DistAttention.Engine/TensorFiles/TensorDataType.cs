namespace DistAttention.Engine.TensorFiles;

/// <summary>How the elements of a tensor file are stored. Always little-endian; tensors are read as float32, the data of masks as integers.</summary>
public enum TensorDataType
{
    /// <summary>IEEE binary32.</summary>
    Float32,

    /// <summary>IEEE binary16; widened exactly.</summary>
    Float16,

    /// <summary>bfloat16; widened exactly.</summary>
    BFloat16,

    /// <summary>IEEE binary64; rounded to nearest even, and refused where float32 cannot hold the value.</summary>
    Float64,

    /// <summary>One byte, 0 or not; of masks only.</summary>
    Boolean,

    /// <summary>A byte; of masks only.</summary>
    UInt8,

    /// <summary>A signed byte; of masks only.</summary>
    Int8,

    /// <summary>16 bits; of masks only.</summary>
    Int16,

    /// <summary>32 bits; of masks only.</summary>
    Int32,

    /// <summary>64 bits; of masks only.</summary>
    Int64,
}

/// <summary>Facts about <see cref="TensorDataType"/>.</summary>
internal static class TensorDataTypes
{
    public static int Size(this TensorDataType type) => type switch
    {
        TensorDataType.Boolean or TensorDataType.UInt8 or TensorDataType.Int8 => 1,
        TensorDataType.Float16 or TensorDataType.BFloat16 or TensorDataType.Int16 => 2,
        TensorDataType.Float32 or TensorDataType.Int32 => 4,
        _ => 8,
    };

    public static string Name(this TensorDataType type) => type switch
    {
        TensorDataType.Float32 => "float32",
        TensorDataType.Float16 => "float16",
        TensorDataType.BFloat16 => "bfloat16",
        TensorDataType.Float64 => "float64",
        TensorDataType.Boolean => "bool",
        _ => type.ToString().ToLowerInvariant(),
    };
}
