using System.Diagnostics;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;

namespace DistAttention.Engine.Telemetry;

/// <summary>How fast the threads of a process computed over the last seconds, for instruments that say so themselves. Thread-safe.</summary>
internal sealed class ComputeRate
{
    /// <summary>The shortest stretch that is looked at: several listeners may ask one after the other.</summary>
    private static readonly TimeSpan _stretch = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private double _flops;
    private double _flopsBefore;
    private TimeSpan _busyBefore;
    private long _since;
    private ComputeRateReading _last;

    public void Add(double flops)
    {
        lock (_lock)
        {
            _flops += flops;
        }
    }

    /// <summary>The rate over the stretch that ends now, or ended a moment ago.</summary>
    public ComputeRateReading Look(ComputePool pool)
    {
        lock (_lock)
        {
            TimeSpan time = Stopwatch.GetElapsedTime(_since);
            if (_since != 0 && time < _stretch)
            {
                return _last;
            }

            TimeSpan busy = pool.BusyTime;
            if (_since != 0)
            {
                double flops = _flops - _flopsBefore;
                double possible = (busy - _busyBefore).TotalSeconds * CostRates.PeakFlopsOfAThread;
                _last = new ComputeRateReading(flops / time.TotalSeconds, possible > 0 ? Math.Min(1, flops / possible) : 0);
            }

            (_flopsBefore, _busyBefore, _since) = (_flops, busy, Stopwatch.GetTimestamp());
            return _last;
        }
    }
}

/// <summary>How fast threads computed.</summary>
/// <param name="FlopsPerSecond">Floating-point operations per second of the clock.</param>
/// <param name="PeakFraction">Of what the threads could have done in the time that they worked.</param>
internal readonly record struct ComputeRateReading(double FlopsPerSecond, double PeakFraction);
