namespace DistAttention.Cli.Bench.Measuring;

/// <summary>Unit-normal tensors whose every value is a function of (seed, index): what was appended can be made again, a row at a time.</summary>
internal static class NormalData
{
    private const int TableBits = 16;
    private const int ValuesPerWord = 64 / TableBits;

    private static readonly float[] _table = MakeTable();

    /// <summary>Values from an index on.</summary>
    public static void Fill(ulong seed, long first, Span<float> values)
    {
        for (int i = 0; i < values.Length;)
        {
            long index = first + i;
            ulong word = Mix(seed + ((ulong)(index / ValuesPerWord) * 0x9E3779B97F4A7C15)) >> ((int)(index % ValuesPerWord) * TableBits);
            for (int left = ValuesPerWord - (int)(index % ValuesPerWord); left > 0 && i < values.Length; left--, word >>= TableBits)
            {
                values[i++] = _table[word & ((1 << TableBits) - 1)];
            }
        }
    }

    /// <summary>A tensor of so many values.</summary>
    public static float[] Make(ulong seed, long first, long count)
    {
        float[] values = new float[count];
        const int Slice = 1 << 16;
        Parallel.For(0, (int)((count + Slice - 1) / Slice), slice =>
            Fill(seed, first + ((long)slice * Slice), values.AsSpan(slice * Slice, (int)Math.Min(Slice, count - ((long)slice * Slice)))));
        return values;
    }

    /// <summary>By the method of Box and Muller (1958).</summary>
    private static float[] MakeTable()
    {
        float[] table = new float[1 << TableBits];
        for (int i = 0; i < table.Length; i++)
        {
            ulong bits = Mix((ulong)i + 1);
            double radius = Math.Sqrt(-2 * Math.Log(((bits >> 32) + 1) / 4294967297.0));
            table[i] = (float)(radius * Math.Cos(2 * Math.PI * (uint)bits / 4294967296.0));
        }

        return table;
    }

    /// <summary>The finalizer of splitmix64.</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
