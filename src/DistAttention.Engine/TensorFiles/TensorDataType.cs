namespace DistAttention.Engine.TensorFiles;

/// <summary>How the elements of a tensor file are stored. Always little-endian; always read as float32.</summary>
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
}

/// <summary>Facts about <see cref="TensorDataType"/>.</summary>
internal static class TensorDataTypes
{
    public static int Size(this TensorDataType type) => type switch
    {
        TensorDataType.Float16 or TensorDataType.BFloat16 => 2,
        TensorDataType.Float32 => 4,
        _ => 8,
    };

    public static string Name(this TensorDataType type) => type switch
    {
        TensorDataType.Float32 => "float32",
        TensorDataType.Float16 => "float16",
        TensorDataType.BFloat16 => "bfloat16",
        _ => "float64",
    };
}
