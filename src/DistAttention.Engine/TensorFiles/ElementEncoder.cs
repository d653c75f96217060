using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace DistAttention.Engine.TensorFiles;

/// <summary>Turns float32 into stored elements, little-endian, rounded to nearest even: what came out of a type goes back as it was.</summary>
internal static class ElementEncoder
{
    /// <summary>Encodes elements.</summary>
    /// <param name="type">How they are stored: not <see cref="TensorDataType.Float64"/>.</param>
    /// <param name="source">The elements.</param>
    /// <param name="destination">Receives them.</param>
    public static void Encode(TensorDataType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        switch (type)
        {
            case TensorDataType.Float32:
                Span<uint> words = MemoryMarshal.Cast<byte, uint>(destination);
                MemoryMarshal.Cast<float, uint>(source).CopyTo(words);
                if (!BitConverter.IsLittleEndian)
                {
                    BinaryPrimitives.ReverseEndianness(words, words);
                }

                break;
            case TensorDataType.Float16:
                TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
                ToLittleEndian(MemoryMarshal.Cast<byte, ushort>(destination));
                break;
            case TensorDataType.BFloat16:
                Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(destination);
                for (int i = 0; i < source.Length; i++)
                {
                    uint bits = BitConverter.SingleToUInt32Bits(source[i]);
                    halves[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
                }

                ToLittleEndian(halves);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type that is written.");
        }
    }

    private static void ToLittleEndian(Span<ushort> values)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(values, values);
        }
    }
}
