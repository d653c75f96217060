using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Which keys of a tile a group of queries has to look at: those from the first visible one to the last, less panels that nobody sees.</summary>
/// <param name="First">The first key, a multiple of 16; where mask bits have to be applied, of 32.</param>
/// <param name="Count">Keys from there to the last visible one; 0 for none.</param>
/// <param name="Masked">
/// Whether mask bits have to be applied. If not, everything of the panels that are looked at is visible, and only their scores are kept,
/// one panel after the other.
/// </param>
/// <param name="Panels">Bit i: whether any of the keys First + 16 · i to First + 16 · i + 15 is visible.</param>
/// <param name="Scored">Rows of scores: Count if masked, else the keys that are visible.</param>
internal readonly record struct TileKeys(int First, int Count, bool Masked, uint Panels, int Scored)
{
    private const int Panel = KvLayout.PanelLength;

    /// <summary>No key.</summary>
    public static TileKeys None => default;

    /// <summary>All of some leading keys.</summary>
    public static TileKeys All(int count) => new(0, count, false, uint.MaxValue, count);

    /// <summary>The keys that any lane sees.</summary>
    /// <param name="words">[8][lanes].</param>
    /// <param name="lanes">Lanes, a multiple of 4.</param>
    /// <param name="keyCount">Keys of the tile.</param>
    /// <param name="mayStartLate">Whether keys before the first visible one may be left out.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe TileKeys Of(uint* words, int lanes, int keyCount, bool mayStartLate)
    {
        uint* any = stackalloc uint[MaskWords.PerRow];
        for (int word = 0; word < MaskWords.PerRow; word++)
        {
            Vector128<uint> seen = Vector128<uint>.Zero;
            for (int lane = 0; lane < lanes; lane += Vector128<uint>.Count)
            {
                seen |= Vector128.Load(words + (word * lanes) + lane);
            }

            any[word] = seen[0] | seen[1] | seen[2] | seen[3];
        }

        (uint panels, int end) = Seen(any, keyCount);
        return WithMask(panels, end, mayStartLate);
    }

    /// <summary>The keys that lanes see which all see the same.</summary>
    /// <param name="row">[8].</param>
    /// <param name="keyCount">Keys of the tile.</param>
    /// <param name="mayStartLate">Whether keys before the first visible one may be left out.</param>
    /// <param name="mayPack">Whether scores of panels that nobody sees may be left out between others.</param>
    public static unsafe TileKeys OfSame(uint* row, int keyCount, bool mayStartLate, bool mayPack)
    {
        (uint panels, int end) = Seen(row, keyCount);
        if (panels == 0)
        {
            return None;
        }

        int firstPanel = mayStartLate ? BitOperations.TrailingZeroCount(panels) : 0;
        int scored = 0;
        for (int panel = firstPanel; panel * Panel < end; panel++)
        {
            uint bits = (row[panel / 2] >> (panel % 2 * Panel)) & 0xFFFF;
            int keys = Math.Min(Panel, end - (panel * Panel));
            if ((bits != 0 || !mayPack) && (~bits & ((1u << keys) - 1)) != 0)
            {
                return WithMask(panels, end, mayStartLate);
            }

            scored += bits != 0 ? keys : 0;
        }

        int first = firstPanel * Panel;
        return new(first, end - first, false, panels >> firstPanel, scored);
    }

    /// <summary>Whether a panel has to be computed.</summary>
    /// <param name="panel">Counted from <see cref="First"/>.</param>
    public bool Has(int panel) => (Panels >> panel & 1) != 0;

    /// <summary>The next stretch of panels that are visible.</summary>
    /// <param name="key">Where to look from, counted from <see cref="First"/>; becomes the start of the stretch.</param>
    /// <returns>Keys of the stretch; 0 after the last.</returns>
    public int NextStretch(ref int key)
    {
        while (key < Count && !Has(key / Panel))
        {
            key += Panel;
        }

        int end = key;
        while (end < Count && Has(end / Panel))
        {
            end += Panel;
        }

        return Math.Max(0, Math.Min(end, Count) - key);
    }

    /// <summary>Panels with a visible key, and the end of the last visible key.</summary>
    private static unsafe (uint Panels, int End) Seen(uint* words, int keyCount)
    {
        uint panels = 0;
        int end = 0;
        for (int word = 0; word < MaskWords.PerRow; word++)
        {
            int left = keyCount - (32 * word);
            uint any = left >= 32 ? words[word] : left <= 0 ? 0 : words[word] & ((1u << left) - 1);
            panels |= (((any & 0xFFFF) != 0 ? 1u : 0) | (any >> 16 != 0 ? 2u : 0)) << (2 * word);
            end = any == 0 ? end : (32 * word) + 32 - BitOperations.LeadingZeroCount(any);
        }

        return (panels, end);
    }

    private static TileKeys WithMask(uint panels, int end, bool mayStartLate)
    {
        int first = panels == 0 || !mayStartLate ? 0 : BitOperations.TrailingZeroCount(panels) / 2 * 32;
        return panels == 0 ? None : new TileKeys(first, end - first, true, panels >> (first / Panel), end - first);
    }
}
