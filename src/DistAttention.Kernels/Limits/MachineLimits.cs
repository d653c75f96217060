using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Loops that do nothing but what the machine is limited by, as wide as the kernels: kernels are measured against them.</summary>
public static unsafe class MachineLimits
{
    /// <summary>Independent chains of the multiply-add loop: more than the latency of two units takes, fewer than half of 32 registers.</summary>
    private const int Chains = 12;

    /// <summary>Floating-point operations of one step of <see cref="MultiplyAdd"/>, on this machine.</summary>
    public static long FlopsPerStep => 2L * Chains * LaneWidth.Preferred / 32;

    /// <summary>Runs fused multiply-adds in registers.</summary>
    /// <param name="steps">Of <see cref="FlopsPerStep"/> operations each.</param>
    /// <returns>A number that depends on all of them.</returns>
    public static float MultiplyAdd(long steps) => LaneWidth.Preferred switch
    {
        512 => MultiplyAdd<Lanes512, Vector512<float>>(steps),
        256 => MultiplyAdd<Lanes256, Vector256<float>>(steps),
        _ => MultiplyAdd<Lanes128, Vector128<float>>(steps),
    };

    /// <summary>Reads memory in the order of its addresses.</summary>
    /// <param name="memory">The memory; what is past the last multiple of 512 bytes is left out.</param>
    /// <returns>A number that depends on every byte read.</returns>
    public static float Read(ReadOnlySpan<byte> memory)
    {
        fixed (byte* start = memory)
        {
            return LaneWidth.Preferred switch
            {
                512 => Read<Lanes512, Vector512<float>>(start, memory.Length),
                256 => Read<Lanes256, Vector256<float>>(start, memory.Length),
                _ => Read<Lanes128, Vector128<float>>(start, memory.Length),
            };
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float MultiplyAdd<TLanes, TVec>(long steps)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec a = TLanes.Broadcast(0.5f);
        TVec b = TLanes.Broadcast(1f);
        TVec c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
        for (; steps > 0; steps--)
        {
            c0 = TLanes.Fma(c0, a, b);
            c1 = TLanes.Fma(c1, a, b);
            c2 = TLanes.Fma(c2, a, b);
            c3 = TLanes.Fma(c3, a, b);
            c4 = TLanes.Fma(c4, a, b);
            c5 = TLanes.Fma(c5, a, b);
            c6 = TLanes.Fma(c6, a, b);
            c7 = TLanes.Fma(c7, a, b);
            c8 = TLanes.Fma(c8, a, b);
            c9 = TLanes.Fma(c9, a, b);
            c10 = TLanes.Fma(c10, a, b);
            c11 = TLanes.Fma(c11, a, b);
        }

        TVec sum = TLanes.Add(TLanes.Add(TLanes.Add(c0, c1), TLanes.Add(c2, c3)), TLanes.Add(TLanes.Add(c4, c5), TLanes.Add(c6, c7)));
        return TLanes.First(TLanes.Add(sum, TLanes.Add(TLanes.Add(c8, c9), TLanes.Add(c10, c11))));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Read<TLanes, TVec>(byte* memory, long bytes)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        const int Distance = 4096; // measured: any distance from 2 to 16 KiB gives half as much again as none
        int vector = TLanes.Count * sizeof(float);
        TVec c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
        byte* end = memory + (bytes / (4 * vector) * (4 * vector));
        for (; memory < end; memory += 4 * vector)
        {
            for (int line = 0; line < 4 * vector; line += 64)
            {
                Ahead.Fetch(memory + Distance + line);
            }

            c0 = TLanes.Or(c0, TLanes.Load((float*)memory));
            c1 = TLanes.Or(c1, TLanes.Load((float*)(memory + vector)));
            c2 = TLanes.Or(c2, TLanes.Load((float*)(memory + (2 * vector))));
            c3 = TLanes.Or(c3, TLanes.Load((float*)(memory + (3 * vector))));
        }

        return TLanes.First(TLanes.Or(TLanes.Or(c0, c1), TLanes.Or(c2, c3)));
    }
}
