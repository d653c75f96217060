using System.Numerics;

namespace DistAttention;

/// <summary>An immutable matrix of bits, each row packed into 32-bit words: bit i of word w of a row is column 32 · w + i.</summary>
public sealed class BitMatrix
{
    private readonly uint[] _words;

    private BitMatrix(uint[] words, int rows, int columns)
    {
        _words = words;
        Rows = rows;
        Columns = columns;
        WordsPerRow = WordsFor(columns);
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>Words of one row; bits past the last column are 0.</summary>
    public int WordsPerRow { get; }

    /// <summary>All words, row after row.</summary>
    public ReadOnlySpan<uint> Words => _words;

    /// <summary>One bit.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    public bool this[int row, int column] => (Row(row)[column >> 5] >> (column & 31) & 1) != 0;

    /// <summary>Packs booleans.</summary>
    /// <param name="bits">[rows, columns].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public static BitMatrix FromBools(ReadOnlySpan<bool> bits, int rows, int columns)
    {
        Require(rows, columns);
        Ensure.That(bits.Length == (long)rows * columns, nameof(BitMatrix), $"{bits.Length} bits are not [{rows}, {columns}]");
        int wordsPerRow = WordsFor(columns);
        uint[] words = new uint[rows * wordsPerRow];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<bool> from = bits.Slice(row * columns, columns);
            Span<uint> to = words.AsSpan(row * wordsPerRow, wordsPerRow);
            for (int column = 0; column < columns; column++)
            {
                to[column >> 5] |= (from[column] ? 1u : 0) << (column & 31);
            }
        }

        return new BitMatrix(words, rows, columns);
    }

    /// <summary>Takes words as <see cref="Words"/> gives them.</summary>
    /// <param name="words">[rows, ⌈columns / 32⌉]; copied.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public static BitMatrix FromWords(ReadOnlySpan<uint> words, int rows, int columns)
    {
        Require(rows, columns);
        int wordsPerRow = WordsFor(columns);
        Ensure.That(words.Length == (long)rows * wordsPerRow, nameof(BitMatrix), $"{words.Length} words are not [{rows}, {wordsPerRow}]");
        uint[] copy = words.ToArray();
        ClearTail(copy, wordsPerRow, columns);
        return new BitMatrix(copy, rows, columns);
    }

    /// <summary>Writes the words of one row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="words">[⌈columns / 32⌉], zeros.</param>
    public delegate void RowWriter(int row, Span<uint> words);

    /// <summary>Makes a matrix row by row.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="write">Called once per row.</param>
    public static BitMatrix Create(int rows, int columns, RowWriter write)
    {
        Require(rows, columns);
        int wordsPerRow = WordsFor(columns);
        uint[] words = new uint[rows * wordsPerRow];
        for (int row = 0; row < rows; row++)
        {
            write(row, words.AsSpan(row * wordsPerRow, wordsPerRow));
        }

        ClearTail(words, wordsPerRow, columns);
        return new BitMatrix(words, rows, columns);
    }

    /// <summary>The words of a row.</summary>
    /// <param name="row">The row.</param>
    public ReadOnlySpan<uint> Row(int row) => _words.AsSpan(row * WordsPerRow, WordsPerRow);

    /// <summary>Set bits of a row in columns first to end − 1.</summary>
    /// <param name="row">The row.</param>
    /// <param name="first">The first column.</param>
    /// <param name="end">The column after the last.</param>
    public int CountInRow(int row, int first, int end)
    {
        if (first >= end)
        {
            return 0;
        }

        ReadOnlySpan<uint> words = Row(row);
        int firstWord = first >> 5;
        int lastWord = (end - 1) >> 5;
        uint head = uint.MaxValue << (first & 31);
        uint tail = uint.MaxValue >> (31 - ((end - 1) & 31));
        if (firstWord == lastWord)
        {
            return BitOperations.PopCount(words[firstWord] & head & tail);
        }

        int count = BitOperations.PopCount(words[firstWord] & head) + BitOperations.PopCount(words[lastWord] & tail);
        for (int word = firstWord + 1; word < lastWord; word++)
        {
            count += BitOperations.PopCount(words[word]);
        }

        return count;
    }

    /// <summary>32 bits of a row from a column on, which may lie anywhere; outside the matrix they are 0.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column of bit 0.</param>
    public uint WordAt(int row, long column)
    {
        ReadOnlySpan<uint> words = Row(row);
        long word = column >> 5;
        int shift = (int)(column & 31);
        ulong low = (ulong)word < (ulong)words.Length ? words[(int)word] : 0;
        ulong high = (ulong)(word + 1) < (ulong)words.Length ? words[(int)(word + 1)] : 0;
        return (uint)((low | (high << 32)) >> shift);
    }

    /// <summary>Some rows and columns of the matrix.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="firstColumn">The first column, a multiple of 32.</param>
    /// <param name="columns">Columns.</param>
    public BitMatrix Slice(int firstRow, int rows, int firstColumn, int columns)
    {
        int wordsPerRow = WordsFor(columns);
        uint[] words = new uint[rows * wordsPerRow];
        for (int row = 0; row < rows; row++)
        {
            Row(firstRow + row).Slice(firstColumn >> 5, wordsPerRow).CopyTo(words.AsSpan(row * wordsPerRow));
        }

        ClearTail(words, wordsPerRow, columns);
        return new BitMatrix(words, rows, columns);
    }

    internal void DescribeTo(MaskDigest digest) => digest.Add(Rows).Add(Columns).AddData<uint>(_words);

    private static void ClearTail(Span<uint> words, int wordsPerRow, int columns)
    {
        if (columns % 32 != 0)
        {
            for (int last = wordsPerRow - 1; last < words.Length; last += wordsPerRow)
            {
                words[last] &= (1u << (columns % 32)) - 1;
            }
        }
    }

    private static int WordsFor(int columns) => (int)(((long)columns + 31) / 32);

    private static void Require(int rows, int columns)
    {
        Ensure.That(rows >= 0 && columns >= 0, nameof(BitMatrix), $"[{rows}, {columns}] is not a shape");
        Ensure.That((long)rows * WordsFor(columns) <= Array.MaxLength, nameof(BitMatrix), $"[{rows}, {columns}] is more than one array holds");
    }
}
