using System.Globalization;

namespace DistAttention.Cli.Bench.Measuring;

/// <summary>Processor time that went to other processes, or was kept from this machine, as Linux counts it in hundredths of a second.</summary>
internal sealed class OtherWork
{
    private const string StatFile = "/proc/stat";
    private const double TicksPerSecond = 100; // of every Linux, whatever its own clock

    private double _others = Others();

    /// <summary>Whether this system tells.</summary>
    public static bool IsKnown { get; } = File.Exists(StatFile);

    /// <summary>Seconds since this was last asked, over all processors; 0 where the system does not tell.</summary>
    public double Take()
    {
        double before = _others;
        _others = Others();
        return Math.Max(0, _others - before);
    }

    private static double Others() => IsKnown ? Busy() - Environment.CpuUsage.TotalTime.TotalSeconds : 0;

    /// <summary>"cpu user nice system idle iowait irq softirq steal …": all but the two in which nothing runs.</summary>
    private static double Busy()
    {
        string[] fields = File.ReadLines(StatFile).First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        double ticks = 0;
        for (int i = 1; i < Math.Min(fields.Length, 9); i++)
        {
            ticks += i is 4 or 5 ? 0 : double.Parse(fields[i], CultureInfo.InvariantCulture);
        }

        return ticks / TicksPerSecond;
    }
}
