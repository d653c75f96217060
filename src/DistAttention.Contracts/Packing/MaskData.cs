using System.Buffers;
using System.Runtime.InteropServices;
using MessagePack;

namespace DistAttention.Contracts;

/// <summary>The data of masks: little-endian numbers as raw bytes, so that no declared count is believed before its bytes are there.</summary>
internal static class MaskData
{
    /// <summary>Starts and ends, one after the other; nil for none.</summary>
    public static void Write(ref MessagePackWriter writer, PositionSet? positions)
    {
        if (positions is null)
        {
            writer.WriteNil();
            return;
        }

        WriteNumbers(ref writer, MemoryMarshal.Cast<PositionRange, long>(positions.Ranges));
    }

    public static PositionSet? ReadPositions(ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        long[] numbers = ReadNumbers<long>(ref reader);
        RequireWhole(numbers.Length, 2, "a set of positions");
        return PositionSet.FromRanges(Enumerable.Range(0, numbers.Length / 2).Select(i => new PositionRange(numbers[2 * i], numbers[(2 * i) + 1])));
    }

    /// <summary>Start, end and document of each stretch.</summary>
    public static void Write(ref MessagePackWriter writer, ReadOnlySpan<SegmentRun> runs) =>
        WriteNumbers(ref writer, MemoryMarshal.Cast<SegmentRun, long>(runs));

    public static SegmentRun[] ReadRuns(ref MessagePackReader reader)
    {
        long[] numbers = ReadNumbers<long>(ref reader);
        RequireWhole(numbers.Length, 3, "documents");
        return [.. Enumerable.Range(0, numbers.Length / 3).Select(i => new SegmentRun(numbers[3 * i], numbers[(3 * i) + 1], numbers[(3 * i) + 2]))];
    }

    /// <summary>Rows, columns and words: three fields.</summary>
    public static void Write(ref MessagePackWriter writer, BitMatrix bits)
    {
        writer.Write(bits.Rows);
        writer.Write(bits.Columns);
        WriteNumbers(ref writer, bits.Words);
    }

    public static BitMatrix ReadBits(ref MessagePackReader reader)
    {
        (int rows, int columns) = (reader.ReadInt32(), reader.ReadInt32());
        return BitMatrix.FromWords(ReadNumbers<uint>(ref reader), rows, columns);
    }

    public static void WriteNumbers<T>(ref MessagePackWriter writer, ReadOnlySpan<T> numbers)
        where T : unmanaged
    {
        if (BitConverter.IsLittleEndian)
        {
            writer.Write(MemoryMarshal.AsBytes(numbers));
            return;
        }

        T[] swapped = numbers.ToArray();
        Swap<T>(swapped);
        writer.Write(MemoryMarshal.AsBytes(swapped.AsSpan()));
    }

    public static unsafe T[] ReadNumbers<T>(ref MessagePackReader reader)
        where T : unmanaged
    {
        ReadOnlySequence<byte> bytes = reader.ReadBytes() ?? throw new MessagePackSerializationException("the data of a mask is missing");
        RequireWhole(bytes.Length, sizeof(T), "the data of a mask");
        T[] numbers = new T[checked((int)(bytes.Length / sizeof(T)))];
        bytes.CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
        if (!BitConverter.IsLittleEndian)
        {
            Swap<T>(numbers);
        }

        return numbers;
    }

    private static unsafe void Swap<T>(Span<T> numbers)
        where T : unmanaged
    {
        foreach (ref T number in numbers)
        {
            MemoryMarshal.AsBytes(new Span<T>(ref number)).Reverse();
        }
    }

    private static void RequireWhole(long length, int unit, string what)
    {
        if (length % unit != 0)
        {
            throw new MessagePackSerializationException($"{what} end in the middle of an element");
        }
    }
}
