using System.Globalization;

namespace DistAttention.Chaos.Running;

/// <summary>What the command line asks for.</summary>
public sealed record ChaosOptions
{
    /// <summary>How long faults are made, unless <see cref="Kills"/> says how many.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>So many kill −9 of single silos one after the other, a tenth as many of all at once among them, and no other fault; 0: by time.</summary>
    public int Kills { get; init; }

    /// <summary>What faults, sizes and pauses are drawn from. Processes are not: the same seed draws the same faults, at other moments of the work.</summary>
    public ulong Seed { get; init; } = (ulong)Random.Shared.NextInt64();

    /// <summary>Silos.</summary>
    public int Silos { get; init; } = 3;

    /// <summary>Silos that run from the beginning; null: all of them.</summary>
    public int? FirstSilos { get; init; }

    /// <summary>Whether sequences are kept nowhere but in the silos.</summary>
    public bool InMemory { get; init; }

    /// <summary>Silos that have each shard in memory: 1 or 2.</summary>
    public int Replicas { get; init; } = 2;

    /// <summary>More of the silos' command line.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The longest time that a silo is stopped.</summary>
    public TimeSpan LongestStop { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether silos find each other in a folder although there is a PostgreSQL server.</summary>
    public bool FileMembership { get; init; }

    /// <summary>Whether to tell of every fault.</summary>
    public bool Trace { get; init; }

    /// <summary>Whether to leave the storage and the logs.</summary>
    public bool Keep { get; init; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">Names what cannot be understood.</exception>
    public static ChaosOptions Parse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ChaosOptions options = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--minutes" => options with { Time = TimeSpan.FromMinutes(Number()) },
                "--seconds" => options with { Time = TimeSpan.FromSeconds(Number()) },
                "--kills" => options with { Kills = (int)Number() },
                "--seed" => options with { Seed = (ulong)Number() },
                "--silos" => options with { Silos = Math.Clamp((int)Number(), 2, 16) },
                "--replicas" => options with { Replicas = Math.Clamp((int)Number(), 1, 2) },
                "--longest-stop" => options with { LongestStop = TimeSpan.FromSeconds(Number()) },
                "--file-membership" => options with { FileMembership = true },
                "--in-memory" => options with { InMemory = true },
                "--trace" => options with { Trace = true },
                "--keep" => options with { Keep = true },
                _ => throw new FormatException($"'{arguments[i]}' is not an option of chaos"),
            };

            double Number()
            {
                string name = arguments[i];
                return ++i < arguments.Count && double.TryParse(arguments[i], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0
                    ? value
                    : throw new FormatException($"{name} needs a number");
            }
        }

        return options;
    }
}
