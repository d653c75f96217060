namespace DistAttention.Testing;

/// <summary>Masks of every kind for sequences of some length, by name.</summary>
public static class MaskSamples
{
    /// <summary>The masks whose coverage is exact: those that stand for themselves.</summary>
    public static IReadOnlyDictionary<string, AttentionMask> Primitives(int length, ulong seed = 41)
    {
        SeededData data = new(seed);
        long third = Math.Max(1, length / 3);
        return new Dictionary<string, AttentionMask>
        {
            ["full"] = AttentionMask.Full,
            ["causal"] = AttentionMask.Causal,
            ["window"] = AttentionMask.SlidingWindow(third, 2),
            ["window, open"] = AttentionMask.SlidingWindow(3, null),
            ["window, itself"] = AttentionMask.SlidingWindow(0, 0),
            ["last"] = AttentionMask.LastPositions(third + 1),
            ["chunk"] = AttentionMask.Chunked(third),
            ["chunk, neighbours"] = AttentionMask.Chunked(Math.Max(1, third / 4), back: 2, ahead: 1),
            ["dilated"] = AttentionMask.Dilated(3, 1),
            ["dilated, all"] = AttentionMask.Dilated(1, 4),
            ["dilated, far"] = AttentionMask.Dilated(third, -2),
            ["first"] = AttentionMask.FirstPositions(4),
            ["keys"] = AttentionMask.Keys(PositionSet.FromRanges([new(0, 1), new(2, third), new(length - 3, length + 2)])),
            ["queries"] = AttentionMask.Queries(PositionSet.Of(1, 2, 3, third, length - 1)),
            ["random"] = new RandomBlocksMask(4, 3, seed, null, 1, 1),
            ["random, length"] = new RandomBlocksMask(5, 2, seed, length, 0, 0),
            ["image"] = AttentionMask.Image(Math.Max(1, (length / 7) - 1), 7, 3, 5, start: 1),
            ["image, rows"] = AttentionMask.Image(Math.Max(1, length / 5), 5, 1, null),
            ["image, columns"] = AttentionMask.Image(Math.Max(1, length / 5), 5, null, 1),
            ["segments"] = SegmentsMask.FromIndptr([2, third, third, third + 5, length]),
            ["segments, ids"] = SegmentsMask.FromIds(Ids(data, length)),
            ["graph"] = Graph(data, length),
            ["blocks"] = new BlockSparseMask(Bits(data, (length / 8) + 1, (length / 5) + 1, 0.4), 8, 5, firstQuery: -3, firstKv: 2),
            ["bits"] = new BitMask(Bits(data, length, length, 0.5), firstQuery: 1, firstKv: 3),
            ["bits, mostly"] = new BitMask(Bits(data, length, length, 0.97)),
        };
    }

    /// <summary>The masks that are made of others.</summary>
    public static IReadOnlyDictionary<string, AttentionMask> Composed(int length, ulong seed = 42)
    {
        IReadOnlyDictionary<string, AttentionMask> of = Primitives(length, seed);
        long third = Math.Max(1, length / 3);
        PositionSet global = PositionSet.Of(0, third, third + 1);
        return new Dictionary<string, AttentionMask>
        {
            ["none"] = AttentionMask.None,
            ["causal window"] = AttentionMask.Causal & AttentionMask.SlidingWindow(third, third),
            ["prefix"] = AttentionMask.Prefix(third),
            ["streaming"] = AttentionMask.Streaming(4, third),
            ["global"] = AttentionMask.Global(global),
            ["global, one-sided"] = AttentionMask.Global(global, symmetric: false),
            ["longformer"] = AttentionMask.Longformer(9, global),
            ["longformer, dilated"] = AttentionMask.Longformer(8, global, dilation: 3, symmetric: false),
            ["bigbird"] = AttentionMask.BigBird(3, 2, 2, seed, block: 4),
            ["bigbird, length"] = AttentionMask.BigBird(1, 0, 3, seed, block: 6, length),
            ["causal documents"] = AttentionMask.Causal & of["segments"],
            ["causal graph"] = AttentionMask.Causal & (of["graph"] | AttentionMask.SlidingWindow(0, 0)),
            ["not bits"] = ~of["bits"],
            ["not causal"] = ~AttentionMask.Causal,
            ["not window"] = ~AttentionMask.SlidingWindow(2, 5),
            ["nested"] = ~(of["blocks"] & ~(of["dilated"] | of["image"])) & (of["segments, ids"] | AttentionMask.Causal),
        };
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, AttentionMask> All(int length, ulong seed = 43) =>
        Primitives(length, seed).Concat(Composed(length, seed)).ToDictionary(static m => m.Key, static m => m.Value);

    /// <summary>Bits that are set by chance.</summary>
    public static BitMatrix Bits(SeededData data, int rows, int columns, double share)
    {
        bool[] bits = new bool[rows * columns];
        foreach (ref bool bit in bits.AsSpan())
        {
            bit = data.NextUniform() < share;
        }

        return BitMatrix.FromBools(bits, rows, columns);
    }

    private static long[] Ids(SeededData data, int length)
    {
        long[] ids = new long[length];
        for (int i = 0; i < length;)
        {
            long id = data.NextInt(5) - 1;
            for (int end = Math.Min(length, i + 1 + data.NextInt(9)); i < end; i++)
            {
                ids[i] = id;
            }
        }

        return ids;
    }

    private static GraphMask Graph(SeededData data, int length)
    {
        List<long> indptr = [0];
        List<int> indices = [];
        for (int row = 0; row < length; row++)
        {
            for (int i = data.NextInt(5); i > 0; i--)
            {
                indices.Add(data.NextInt(length + 2));
            }

            indptr.Add(indices.Count);
        }

        return new GraphMask([.. indptr], [.. indices], firstQuery: 1);
    }
}
