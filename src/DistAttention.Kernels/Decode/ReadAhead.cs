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

    private readonly nint _step;
    private readonly nint _bytes;
    private readonly nint _distance;
    private byte* _at;
    private byte* _end;
    private byte* _next;

    private ReadAhead(nint bytes, nint step, nint distance)
    {
        _bytes = bytes;
        _step = step;
        _distance = distance;
    }

    /// <summary>For tiles of one kind.</summary>
    /// <param name="bytes">Length of a tile.</param>
    /// <param name="steps">Steps of inner loops that pass over it.</param>
    /// <param name="keys">Bytes of the keys that are read side by side.</param>
    /// <param name="queries">Queries that share a tile.</param>
    public static ReadAhead Over<TElement>(long bytes, long steps, long keys, int queries)
        where TElement : struct, IKvElement =>
        new((nint)bytes, (nint)((bytes + steps - 1) / Math.Max(1, steps)), (nint)Math.Min(bytes, Math.Max(keys, Distance<TElement>(keys, queries))));

    /// <summary>
    /// How far ahead, as measured: nearer, memory is not there in time; farther, it has left the first-level cache again. What is
    /// computed slowly can be fetched early, the more so the more keys are read side by side, and steps over single bytes are the
    /// shortest and need the longest lead.
    /// </summary>
    private static long Distance<TElement>(long keys, int queries)
        where TElement : struct, IKvElement
    {
        const long Near = 10 << 10;
        const long Middle = 16 << 10;
        const long Far = 32 << 10;
        bool shortKeys = keys <= Middle / 2;
        return TElement.Bytes switch
        {
            _ when queries > 4 => Math.Max(Far, 4 * keys),
            sizeof(byte) => Far,
            sizeof(ushort) when !shortKeys => Far,
            sizeof(ushort) when queries == 1 => Near,
            _ => Middle,
        };
    }

    /// <summary>Begins a tile.</summary>
    /// <param name="tile">Its memory.</param>
    /// <param name="next">The memory read after it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(byte* tile, byte* next)
    {
        _at = tile + _distance;
        _end = tile + _bytes;
        _next = next;
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
