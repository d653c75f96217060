using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

public static unsafe partial class KvPacker
{
    /// <summary>Refuses rows that cannot be stored: not finite, or rounding to infinity in the stored type.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="k">[tokens, NumHeadsKv, HeadDim].</param>
    /// <param name="v">[tokens, NumHeadsKv, HeadDimV].</param>
    /// <exception cref="InvalidTensorException">Names tensor, token and head.</exception>
    public static void Validate(KvLayout layout, ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        Validate("k", k, layout.NumHeadsKv, layout.HeadDim, layout.KvType);
        Validate("v", v, layout.NumHeadsKv, layout.HeadDimV, layout.KvType);
    }

    /// <summary>Refuses keys that cannot be stored, once they are of the stored size.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="k">[tokens, NumHeadsKv, HeadDim of the layout].</param>
    /// <exception cref="InvalidTensorException">Names token and head.</exception>
    public static void ValidateKeys(KvLayout layout, ReadOnlySpan<float> k) =>
        Validate("k", k, layout.NumHeadsKv, layout.HeadDim, layout.KvType);

    /// <summary>Refuses rows that cannot be stored, as a caller gives them: keys that are yet to be projected or turned need only be finite.</summary>
    /// <param name="spec">The sequence.</param>
    /// <param name="k">[tokens, NumHeadsKv, HeadDim].</param>
    /// <param name="v">[tokens, NumHeadsKv, AppendedHeadDimV].</param>
    /// <exception cref="InvalidTensorException">Names tensor, token and head.</exception>
    public static void Validate(SequenceSpec spec, ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        Validate("k", k, spec.NumHeadsKv, spec.HeadDim, spec.StoresKeysAsGiven ? spec.KvType : KvDataType.Float32);
        if (!spec.ValueFromKeyPrefix)
        {
            Validate("v", v, spec.NumHeadsKv, spec.HeadDimV, spec.KvType);
        }
    }

    /// <summary>Refuses a tensor that holds NaN or infinity.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="values">[tokens, heads, headDim].</param>
    /// <param name="heads">Heads.</param>
    /// <param name="headDim">Components of a head.</param>
    /// <exception cref="InvalidTensorException">Names tensor, token and head.</exception>
    public static void ValidateFinite(string tensor, ReadOnlySpan<float> values, int heads, int headDim) =>
        Validate(tensor, values, heads, headDim, KvDataType.Float32);

    private static void Validate(string tensor, ReadOnlySpan<float> values, int heads, int headDim, KvDataType type)
    {
        uint refused = KvRounding.RefusedBits(type);
        if (values.IsEmpty || LargestBits(values) < refused)
        {
            return;
        }

        int i = 0;
        while (((uint)BitConverter.SingleToInt32Bits(values[i]) & 0x7FFFFFFF) < refused)
        {
            i++;
        }

        float value = values[i];
        string problem = float.IsFinite(value)
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"holds {value}, which {type} cannot store")
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is not finite: it holds {value}");
        throw new InvalidTensorException(tensor, i / ((long)heads * headDim), i / headDim % heads, problem);
    }

    /// <summary>Largest size, as bits: NaN and infinity are the largest of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint LargestBits(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        uint largest = 0;
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<uint> size = Vector512.Create(0x7FFFFFFFu);
            Vector512<uint> a = Vector512<uint>.Zero;
            Vector512<uint> b = a;
            for (; i <= bits.Length - 32; i += 32)
            {
                a = Vector512.Max(a, Vector512.Create(bits[i..]) & size);
                b = Vector512.Max(b, Vector512.Create(bits[(i + 16)..]) & size);
            }

            a = Vector512.Max(a, b);
            Vector256<uint> half = Vector256.Max(a.GetLower(), a.GetUpper());
            largest = Largest(Vector128.Max(half.GetLower(), half.GetUpper()));
        }

        Vector128<uint> rest = Vector128<uint>.Zero;
        for (; i <= bits.Length - 4; i += 4)
        {
            rest = Vector128.Max(rest, Vector128.Create(bits[i..]) & Vector128.Create(0x7FFFFFFFu));
        }

        largest = Math.Max(largest, Largest(rest));
        for (; i < bits.Length; i++)
        {
            largest = Math.Max(largest, bits[i] & 0x7FFFFFFF);
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Largest(Vector128<uint> v) => Math.Max(Math.Max(v[0], v[1]), Math.Max(v[2], v[3]));
}
