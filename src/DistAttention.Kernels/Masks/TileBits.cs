namespace DistAttention.Kernels;

/// <summary>Ranges of positions as bits of one tile's row.</summary>
internal static class TileBits
{
    /// <summary>Words of a row.</summary>
    public const int Words = SequenceFormat.BlockLength / 32;

    /// <summary>The row of a tile: <paramref name="bits"/> [rows, 8].</summary>
    public static Span<uint> Row(Span<uint> bits, long row) => bits.Slice((int)row * Words, Words);

    /// <summary>Writes a row that shows one range of positions.</summary>
    public static void Write(Span<uint> row, long kvStart, long from, long to)
    {
        row.Clear();
        Set(row, kvStart, from, to);
    }

    /// <summary>Adds a range of positions to a row.</summary>
    public static void Set(Span<uint> row, long kvStart, long from, long to)
    {
        int first = (int)Math.Clamp(from - kvStart, 0, SequenceFormat.BlockLength);
        int end = (int)Math.Clamp(to - kvStart, 0, SequenceFormat.BlockLength);
        if (first >= end)
        {
            return;
        }

        int firstWord = first >> 5;
        int lastWord = (end - 1) >> 5;
        uint head = uint.MaxValue << (first & 31);
        uint tail = uint.MaxValue >> (31 - ((end - 1) & 31));
        if (firstWord == lastWord)
        {
            row[firstWord] |= head & tail;
            return;
        }

        row[firstWord] |= head;
        row[(firstWord + 1)..lastWord].Fill(uint.MaxValue);
        row[lastWord] |= tail;
    }
}
