using System.Buffers.Binary;

namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// The data of a mask out of a tensor of booleans or integers, little-endian. Rows are packed as they are read, so a matrix of bits takes an eighth of
/// a byte per element.
/// </summary>
internal static class MaskTensor
{
    /// <summary>Reads a matrix of booleans or integers, of which those that are not 0 are set.</summary>
    /// <exception cref="TensorFileException">It cannot be read, or is no matrix.</exception>
    public static BitMatrix ReadBits(ITensorBytes file, TensorLayout layout)
    {
        if (layout.Shape is not [long rows and <= int.MaxValue, long columns and <= int.MaxValue])
        {
            throw file.Error($"has the shape [{string.Join(", ", layout.Shape)}]; a matrix is needed here");
        }

        if (rows * ((columns + 31) / 32) > Array.MaxLength)
        {
            throw file.Error($"holds [{rows}, {columns}] bits, more than one mask can");
        }

        int size = layout.Type.Size();
        byte[] row = new byte[checked((int)columns * size)];
        return BitMatrix.Create((int)rows, (int)columns, (i, words) =>
        {
            file.ReadExactly(layout.Offset + ((long)i * row.Length), row);
            for (int column = 0; column < columns; column++)
            {
                bool set = row.AsSpan(column * size, size).ContainsAnyExcept((byte)0);
                words[column >> 5] |= (set ? 1u : 0) << (column & 31);
            }
        });
    }

    /// <summary>Reads a vector of booleans or integers.</summary>
    /// <exception cref="TensorFileException">It cannot be read, or is no vector.</exception>
    public static long[] ReadIntegers(ITensorBytes file, TensorLayout layout)
    {
        if (layout.Shape is not [long count])
        {
            throw file.Error($"has the shape [{string.Join(", ", layout.Shape)}]; a vector is needed here");
        }

        int size = layout.Type.Size();
        if (count * size > Array.MaxLength)
        {
            throw file.Error($"holds {count:N0} elements, more than can be read at once");
        }

        byte[] bytes = new byte[count * size];
        file.ReadExactly(layout.Offset, bytes);
        long[] numbers = new long[count];
        for (int i = 0; i < numbers.Length; i++)
        {
            ReadOnlySpan<byte> at = bytes.AsSpan(i * size);
            numbers[i] = layout.Type switch
            {
                TensorDataType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(at),
                TensorDataType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(at),
                TensorDataType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(at),
                TensorDataType.Int8 => (sbyte)at[0],
                _ => at[0],
            };
        }

        return numbers;
    }
}
