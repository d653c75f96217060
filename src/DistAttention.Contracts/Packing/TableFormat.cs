using System.Buffers;
using System.Buffers.Binary;
using MessagePack;

namespace DistAttention.Contracts;

/// <summary>Tables of numbers: [dimensions…, little-endian bytes], nil for none. The declared shape is held against the bytes before anything is allocated.</summary>
internal static class TableFormat
{
    public static void Write(ref MessagePackWriter writer, FloatTable? table)
    {
        if (table is null)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(table.Shape.Length + 1);
        foreach (int dimension in table.Shape)
        {
            writer.Write(dimension);
        }

        byte[] bytes = new byte[table.Values.Length * sizeof(float)];
        for (int i = 0; i < table.Values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), table.Values[i]);
        }

        writer.Write(bytes);
    }

    public static FloatTable? Read(ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        int rank = reader.ReadArrayHeader() - 1;
        Require(rank is >= 1 and <= FloatTable.MaxRank, $"a table of {rank} dimensions");
        Span<int> shape = stackalloc int[rank];
        long length = 1;
        for (int i = 0; i < rank; i++)
        {
            shape[i] = reader.ReadInt32();
            Require(shape[i] >= 1, "a table with an empty dimension");
            length = Math.Min(length * shape[i], int.MaxValue);
        }

        byte[] bytes = ReadBytes(ref reader, length * sizeof(float), FloatTable.MaxLength * sizeof(float));
        float[] values = new float[length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        }

        return FloatTable.Of(values, shape);
    }

    public static void WriteDoubles(ref MessagePackWriter writer, ReadOnlySpan<double> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(double)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), values[i]);
        }

        writer.Write(bytes);
    }

    public static double[] ReadDoubles(ref MessagePackReader reader, int most)
    {
        ReadOnlySequence<byte>? bytes = reader.ReadBytes();
        Require(bytes is { Length: > 0 } && bytes.Value.Length % sizeof(double) == 0 && bytes.Value.Length <= most * sizeof(double), "numbers of a wrong length");
        byte[] copy = bytes!.Value.ToArray();
        double[] values = new double[copy.Length / sizeof(double)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadDoubleLittleEndian(copy.AsSpan(i * sizeof(double)));
        }

        return values;
    }

    private static byte[] ReadBytes(ref MessagePackReader reader, long length, long most)
    {
        ReadOnlySequence<byte>? bytes = reader.ReadBytes();
        Require(bytes is { } some && some.Length == length && length <= most, "a table whose bytes do not fill its shape");
        return bytes!.Value.ToArray();
    }

    private static void Require(bool condition, string found)
    {
        if (!condition)
        {
            throw new MessagePackSerializationException($"{found}");
        }
    }
}
