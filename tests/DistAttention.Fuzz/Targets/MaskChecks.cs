using DistAttention.Kernels;

namespace DistAttention.Fuzz.Targets;

/// <summary>Asks a mask that came from outside what planner and kernels ask, and holds the answers against the mask's own definition.</summary>
internal static class MaskChecks
{
    private static readonly (long Q, long K)[] _corners = [(0, 0), (-5, 3), (70, 17), ((1L << 40) - 3, (1L << 40) - 200)];

    /// <summary>Compiles it, and looks at small tiles near the start, before it and far out.</summary>
    public static void Ask(AttentionMask mask)
    {
        CompiledMask compiled = CompiledMask.Compile(mask);
        Span<uint> bits = stackalloc uint[2 * 8];
        foreach ((long q, long k) in _corners)
        {
            PositionRange queries = new(q, q + 2);
            PositionRange kv = new(k, k + SequenceFormat.BlockLength);
            Coverage coverage = compiled.Cover(queries, kv);
            bits.Clear();
            compiled.Fill(queries, k, bits);
            for (int i = 0; i < 2 * SequenceFormat.BlockLength; i += 37)
            {
                (int row, int key) = (i / SequenceFormat.BlockLength, i % SequenceFormat.BlockLength);
                bool isVisible = mask.IsVisible(q + row, k + key);
                bool isSet = ((bits[(row * 8) + (key / 32)] >> (key % 32)) & 1) != 0;
                if (isSet != isVisible || (isVisible && coverage == Coverage.None) || (!isVisible && coverage == Coverage.Full))
                {
                    throw new FuzzFailureException($"{mask}: query {q + row}, position {k + key}: visible {isVisible}, bit {isSet}, coverage of its tile {coverage}");
                }
            }
        }
    }
}
