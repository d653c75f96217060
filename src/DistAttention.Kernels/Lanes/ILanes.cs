namespace DistAttention.Kernels;

/// <summary>
/// The elementwise operations that kernels are written in, once, for every vector width. No operation mixes lanes, so a
/// lane is one scalar program and the width decides only how many of them run side by side.
/// </summary>
/// <typeparam name="TVec">A vector of floats. Comparison results are vectors of all-ones or all-zeros lanes.</typeparam>
internal unsafe interface ILanes<TVec>
    where TVec : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Whether the hardware has 32 vector registers, so that the large register tiles fit.</summary>
    static abstract bool ManyRegisters { get; }

    static abstract TVec Zero { get; }

    static abstract TVec Broadcast(float value);

    static abstract TVec Load(float* source);

    static abstract void Store(float* destination, TVec value);

    /// <summary>Widens bfloat16, exactly.</summary>
    static abstract TVec LoadBFloat16(ushort* source);

    /// <summary>Widens finite binary16, subnormals included, exactly.</summary>
    static abstract TVec LoadFloat16(ushort* source);

    /// <summary>Widens finite binary16, subnormals included, times 2⁻¹¹².</summary>
    static abstract TVec LoadReducedFloat16(ushort* source);

    static abstract TVec LoadInt8(sbyte* source);

    /// <summary>Rounds to bfloat16, ties to even; the values must not round to infinity.</summary>
    static abstract void StoreBFloat16(ushort* destination, TVec value);

    /// <summary>Rounds to binary16, ties to even, subnormals included; the values must not round to infinity.</summary>
    static abstract void StoreFloat16(ushort* destination, TVec value);

    /// <summary>Rounds values of at most 127 in size to integers, ties to even: the rounding of an addition to 1.5 · 2²³.</summary>
    static abstract void StoreInt8(sbyte* destination, TVec value);

    static abstract TVec Add(TVec a, TVec b);

    static abstract TVec Subtract(TVec a, TVec b);

    static abstract TVec Multiply(TVec a, TVec b);

    static abstract TVec Divide(TVec a, TVec b);

    static abstract TVec Abs(TVec a);

    /// <summary>The larger, of numbers that are not NaN. Of two zeros: b.</summary>
    static abstract TVec Max(TVec a, TVec b);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract TVec Fma(TVec a, TVec b, TVec c);

    static abstract TVec LessThan(TVec a, TVec b);

    static abstract TVec AtLeast(TVec a, TVec b);

    static abstract TVec Equal(TVec a, TVec b);

    /// <summary>Lanes that are infinite or NaN.</summary>
    static abstract TVec NotFinite(TVec a);

    static abstract TVec And(TVec a, TVec b);

    static abstract TVec Or(TVec a, TVec b);

    static abstract TVec Select(TVec mask, TVec whenSet, TVec whenClear);

    static abstract bool Any(TVec mask);

    /// <summary>The largest of all lanes, none being NaN.</summary>
    static abstract float Largest(TVec a);

    /// <summary>Lane 0.</summary>
    static abstract float First(TVec a);

    /// <summary>value · 2ⁿ, n being the low bits of <paramref name="shifted"/> (a number made by adding 1.5 · 2²³): an integer add to the exponent.</summary>
    static abstract TVec AddExponent(TVec value, TVec shifted);

    /// <summary>Lanes whose own 32-bit word has bit <paramref name="bit"/> set.</summary>
    static abstract TVec MaskFromWords(uint* words, int bit);

    /// <summary>Lane i is set when bit i of <paramref name="bits"/> is.</summary>
    static abstract TVec MaskFromBits(uint bits);
}
