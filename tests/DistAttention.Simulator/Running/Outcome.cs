using System.Globalization;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Running;

/// <summary>What workers told.</summary>
public sealed class Outcome
{
    internal Counters Counters { get; } = new();

    /// <summary>Seeds that failed, and why.</summary>
    public List<(ulong Seed, string Cause)> Failures { get; } = [];

    /// <summary>What happened, if it was asked for.</summary>
    public List<string> Trace { get; } = [];

    /// <summary>Tells whether two workers did the same with the same seeds.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Seeds that were run.</summary>
    public ulong Seeds { get; private set; }

    /// <summary>Processor time that they took.</summary>
    public TimeSpan ProcessorTime { get; private set; }

    /// <summary>Workers that came to their end.</summary>
    public int Ended { get; private set; }

    /// <summary>How often something happened.</summary>
    /// <param name="name">What.</param>
    public long this[string name] => Counters[name];

    internal void Read(string line)
    {
        string[] words = line.Split(' ', 3);
        switch (words[0])
        {
            case "fail":
                Failures.Add((ulong.Parse(words[1], CultureInfo.InvariantCulture), words[2]));
                break;
            case "count":
                Counters.Add(words[2], long.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            case "trace":
                Trace.Add(line["trace ".Length..]);
                break;
            case "hash":
                Hash = ulong.Parse(words[1], CultureInfo.InvariantCulture);
                break;
            case "done":
                Seeds += ulong.Parse(words[1], CultureInfo.InvariantCulture);
                ProcessorTime += TimeSpan.FromMilliseconds(double.Parse(words[2], CultureInfo.InvariantCulture));
                Ended++;
                break;
        }
    }

    internal void Add(Outcome other)
    {
        Counters.Add(other.Counters);
        Failures.AddRange(other.Failures);
        Trace.AddRange(other.Trace);
        Hash ^= other.Hash;
        Seeds += other.Seeds;
        ProcessorTime += other.ProcessorTime;
        Ended += other.Ended;
    }
}
