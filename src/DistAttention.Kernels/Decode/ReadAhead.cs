using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>
/// Fetches what decode reads a little later into the first-level cache, while it computes: in address order through K and V of
/// a tile and on into the next, the same number of bytes in every step, because panels and rows are too short for the
/// hardware's own guess, and a burst would make loads wait. A hint only: it changes no bit, and any address is allowed.
/// </summary>
internal unsafe struct ReadAhead
{
    private const int CacheLine = 64;

    private readonly byte* _next;
    private readonly nint _step;
    private byte* _at;
    private byte* _end;

    private ReadAhead(byte* tile, long bytes, byte* next, long steps, long distance)
    {
        _at = tile + Math.Min(distance, bytes);
        _end = tile + bytes;
        _next = next;
        _step = (nint)((bytes + steps - 1) / Math.Max(1, steps));
    }

    /// <summary>Starts a tile.</summary>
    /// <param name="tile">Its memory.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="next">The memory read after it.</param>
    /// <param name="steps">Steps of inner loops that pass over it.</param>
    /// <param name="keys">Bytes of the keys that are read side by side.</param>
    public static ReadAhead Over<TElement>(byte* tile, long bytes, byte* next, long steps, long keys)
        where TElement : struct, IKvElement
    {
        // Measured: nearer, memory is not there in time; farther, it has left the first-level cache again. Steps over single
        // bytes are the shortest and need the longest lead.
        const long Distance = 16 << 10;
        return new ReadAhead(tile, bytes, next, steps, Math.Max(keys, TElement.Bytes == 1 ? 2 * Distance : Distance));
    }

    /// <summary>Fetches the bytes of one step.</summary>
    /// <param name="vectors">Vectors of elements that a step of the longest loop of this tile reads.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step<TElement>(int vectors)
        where TElement : struct, IKvElement
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        // Every line must be asked for: steps over int8 are longer than their elements, by the scales.
        int bytes = vectors * (KvLayout.PanelLength + (TElement.Scaled ? 1 : 0)) * TElement.Bytes;
        Sse.Prefetch0(_at);
        if (bytes > CacheLine)
        {
            Sse.Prefetch0(_at + CacheLine);
        }

        if (bytes > 2 * CacheLine)
        {
            Sse.Prefetch0(_at + (2 * CacheLine));
            Sse.Prefetch0(_at + (3 * CacheLine));
        }

        _at += _step;
        if (_at >= _end)
        {
            _at = _next;
            _end = (byte*)nuint.MaxValue;
        }
    }
}
