using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>Writes that go past the caches: they may be seen later than what is written behind them, up to here.</summary>
internal static class Streaming
{
    /// <summary>Makes what was streamed visible before anything that is written from here on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void End()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            Thread.MemoryBarrier();
        }
    }
}
