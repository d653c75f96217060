using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>
/// Fetches the memory of prefill's next tile into the second-level cache while the current one is computed: in address order
/// and evenly, because panels and rows are too short for the hardware's own guess, and a burst would make loads wait. A hint
/// only: it changes no bit, and any address is allowed.
/// </summary>
/// <param name="next">What will be read next.</param>
/// <param name="step">Bytes to fetch per step of an inner loop.</param>
internal unsafe struct Ahead(byte* next, nint step)
{
    private byte* _next = next;

    /// <summary>Bytes to fetch per step of an inner loop.</summary>
    public readonly nint Step => step;

    /// <summary>Nothing to fetch.</summary>
    public static Ahead Nothing(void* anywhere) => new((byte*)anywhere, 0);

    /// <summary>Spreads a region over so many steps.</summary>
    public static Ahead Over(byte* region, long bytes, long steps) => new(region, (nint)((bytes + steps - 1) / Math.Max(1, steps)));

    /// <summary>Where an inner loop of so many steps is to begin.</summary>
    public byte* Take(nint steps)
    {
        byte* from = _next;
        _next += steps * step;
        return from;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }
}
