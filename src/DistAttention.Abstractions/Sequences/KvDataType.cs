namespace DistAttention;

/// <summary>How keys and values are stored. Arithmetic is float32 whatever is chosen; stored values are widened exactly.</summary>
public enum KvDataType
{
    /// <summary>IEEE binary32: stored as given.</summary>
    Float32 = 0,

    /// <summary>IEEE binary16, rounded to nearest even once at append. Half the memory; largest value 65,504.</summary>
    Float16 = 1,

    /// <summary>bfloat16, rounded to nearest even once at append. Half the memory, the range of float32, 8 bits of precision.</summary>
    BFloat16 = 2,

    /// <summary>8-bit integers with one float32 scale per position and head. A quarter of the memory.</summary>
    Int8 = 3,
}
