namespace DistAttention.Cli.Bench.Mask;

/// <summary>Masks by chance, the same every time.</summary>
internal static class RandomMasks
{
    /// <summary>Half of all bits.</summary>
    public static AttentionMask Bits(int positions)
    {
        Random random = new(1);
        uint[] words = new uint[(long)positions * (positions / 32)];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.AsSpan()));
        return new BitMask(BitMatrix.FromWords(words, positions, positions));
    }

    /// <summary>A share of all blocks.</summary>
    public static AttentionMask Blocks(int positions, int block, double share)
    {
        Random random = new(2);
        int blocks = positions / block;
        bool[] map = new bool[blocks * blocks];
        for (int i = 0; i < map.Length; i++)
        {
            map[i] = random.NextDouble() < share;
        }

        return new BlockSparseMask(BitMatrix.FromBools(map, blocks, blocks), block, block);
    }
}
