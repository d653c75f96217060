using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary>What figures of time are to be held against: what this machine can do at most, measured.</summary>
internal static class Machine
{
    private static readonly TimeSpan _long = TimeSpan.FromMilliseconds(150);

    public static JsonObject Describe() => new()
    {
        ["os"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["processors"] = Environment.ProcessorCount,
        ["vectorBits"] = Vector512.IsHardwareAccelerated ? 512 : Vector<byte>.Count * 8,
        ["gflopsPerThread"] = Math.Round(PeakFlops() / 1e9, 1),
        ["readGBPerSecondPerThread"] = Math.Round(ReadBandwidth() / 1e9, 1),
    };

    /// <summary>Fused multiply-adds per second of one thread, times two, in registers only.</summary>
    private static double PeakFlops()
    {
        FmaChains(1000);
        double best = 0;
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < _long)
        {
            const int rounds = 200_000;
            long from = Stopwatch.GetTimestamp();
            double lanes = FmaChains(rounds);
            best = Math.Max(best, 2 * lanes * rounds / Stopwatch.GetElapsedTime(from).TotalSeconds);
        }

        return best;
    }

    /// <summary>Enough independent chains to hide the latency of a multiply-add.</summary>
    /// <returns>Multiply-adds per round.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int FmaChains(int rounds)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
            Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int round = 0; round < rounds; round++)
            {
                a = Vector512.FusedMultiplyAdd(a, x, y);
                b = Vector512.FusedMultiplyAdd(b, x, y);
                c = Vector512.FusedMultiplyAdd(c, x, y);
                d = Vector512.FusedMultiplyAdd(d, x, y);
                e = Vector512.FusedMultiplyAdd(e, x, y);
                f = Vector512.FusedMultiplyAdd(f, x, y);
                g = Vector512.FusedMultiplyAdd(g, x, y);
                h = Vector512.FusedMultiplyAdd(h, x, y);
                i = Vector512.FusedMultiplyAdd(i, x, y);
                j = Vector512.FusedMultiplyAdd(j, x, y);
            }

            Keep(Vector512.Sum(a + b + c + d + e + f + g + h + i + j));
            return 10 * Vector512<float>.Count;
        }
        else
        {
            Vector<float> x = new(0.999f), y = new(0.001f);
            Vector<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int round = 0; round < rounds; round++)
            {
                a = Vector.FusedMultiplyAdd(a, x, y);
                b = Vector.FusedMultiplyAdd(b, x, y);
                c = Vector.FusedMultiplyAdd(c, x, y);
                d = Vector.FusedMultiplyAdd(d, x, y);
                e = Vector.FusedMultiplyAdd(e, x, y);
                f = Vector.FusedMultiplyAdd(f, x, y);
                g = Vector.FusedMultiplyAdd(g, x, y);
                h = Vector.FusedMultiplyAdd(h, x, y);
                i = Vector.FusedMultiplyAdd(i, x, y);
                j = Vector.FusedMultiplyAdd(j, x, y);
            }

            Keep(Vector.Sum(a + b + c + d + e + f + g + h + i + j));
            return 10 * Vector<float>.Count;
        }
    }

    /// <summary>Bytes per second that one thread reads from memory.</summary>
    private static double ReadBandwidth()
    {
        float[] large = GC.AllocateUninitializedArray<float>(48 << 20); // beyond caches
        Array.Fill(large, 1f);
        double best = 0;
        for (int pass = 0; pass < 4; pass++)
        {
            long from = Stopwatch.GetTimestamp();
            Keep(TensorPrimitives.Max<float>(large));
            best = Math.Max(best, (double)large.Length * sizeof(float) / Stopwatch.GetElapsedTime(from).TotalSeconds);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Keep(float value) => GC.KeepAlive(value);
}
