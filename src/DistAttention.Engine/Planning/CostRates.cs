using System.Diagnostics;
using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>How fast things are, for predicting what a call costs. Decides nothing about what is computed.</summary>
/// <param name="FlopsPerSecond">Floating-point operations that all threads of one owner do together.</param>
/// <param name="MemoryBytesPerSecond">Bytes that one thread reads or writes.</param>
/// <param name="NetworkBytesPerSecond">Bytes that travel between two processes.</param>
/// <param name="MessageTime">Time of a message and its answer, whatever they carry.</param>
public sealed record CostRates(double FlopsPerSecond, double MemoryBytesPerSecond, double NetworkBytesPerSecond, TimeSpan MessageTime)
{
    /// <summary>The share of the machine's fused multiply-adds that kernels reach (measured by the benchmarks).</summary>
    private const double KernelShare = 0.8;

    private static readonly Lazy<double> _peakOfAThread = new(MeasurePeak);

    /// <summary>This machine with some threads: its multiply-adds are measured once, in a few milliseconds; the rest is usual for one rack.</summary>
    /// <param name="threads">Threads that compute.</param>
    public static CostRates OfThisMachine(int threads) =>
        new(KernelShare * threads * _peakOfAThread.Value, 8e9, 1e9, TimeSpan.FromMilliseconds(0.3));

    /// <summary>Multiply-adds that one thread of this machine does at most, as operations per second; measured at the first use.</summary>
    public static double PeakFlopsOfAThread => _peakOfAThread.Value;

    /// <summary>Time to do so many operations.</summary>
    /// <param name="flops">Operations.</param>
    public TimeSpan ComputeTime(double flops) => TimeSpan.FromSeconds(flops / FlopsPerSecond);

    private static double MeasurePeak()
    {
        const long Steps = 1 << 18;
        double best = 0;
        for (int i = 0; i < 4; i++)
        {
            long start = Stopwatch.GetTimestamp();
            GC.KeepAlive(MachineLimits.MultiplyAdd(Steps));
            best = Math.Max(best, Steps * MachineLimits.FlopsPerStep / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
