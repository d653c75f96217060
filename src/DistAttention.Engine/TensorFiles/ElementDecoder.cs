using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace DistAttention.Engine.TensorFiles;

/// <summary>Turns stored elements into float32. The loop over a file is written once, in <see cref="TensorFile"/>.</summary>
internal interface IElementDecoder
{
    /// <summary>Decodes little-endian elements, whose buffer it may change.</summary>
    /// <returns>The index of the first element that float32 cannot hold, or −1.</returns>
    static abstract int Decode(Span<byte> source, Span<float> destination);
}

/// <summary>binary32: as it is.</summary>
internal readonly struct Float32Decoder : IElementDecoder
{
    public static int Decode(Span<byte> source, Span<float> destination)
    {
        LittleEndian.ToHost(MemoryMarshal.Cast<byte, uint>(source));
        MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
        return -1;
    }
}

/// <summary>binary16: widened exactly.</summary>
internal readonly struct Float16Decoder : IElementDecoder
{
    public static int Decode(Span<byte> source, Span<float> destination)
    {
        LittleEndian.ToHost(MemoryMarshal.Cast<byte, ushort>(source));
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
        return -1;
    }
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal readonly struct BFloat16Decoder : IElementDecoder
{
    public static int Decode(Span<byte> source, Span<float> destination)
    {
        Span<ushort> stored = MemoryMarshal.Cast<byte, ushort>(source);
        LittleEndian.ToHost(stored);
        for (int i = 0; i < stored.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)stored[i] << 16);
        }

        return -1;
    }
}

/// <summary>binary64: rounded to nearest even; a finite value beyond float32 is refused, not made infinite.</summary>
internal readonly struct Float64Decoder : IElementDecoder
{
    public static int Decode(Span<byte> source, Span<float> destination)
    {
        LittleEndian.ToHost(MemoryMarshal.Cast<byte, ulong>(source));
        Span<double> stored = MemoryMarshal.Cast<byte, double>(source);
        for (int i = 0; i < stored.Length; i++)
        {
            float rounded = (float)stored[i];
            if (float.IsInfinity(rounded) && double.IsFinite(stored[i]))
            {
                return i;
            }

            destination[i] = rounded;
        }

        return -1;
    }
}

file static class LittleEndian
{
    public static void ToHost(Span<ushort> values)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(values, values);
        }
    }

    public static void ToHost(Span<uint> values)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(values, values);
        }
    }

    public static void ToHost(Span<ulong> values)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(values, values);
        }
    }
}
