using System.Globalization;

namespace DistAttention.Simulator.Running;

/// <summary>What the command line asks for.</summary>
public sealed record Options
{
    /// <summary>The first seed.</summary>
    public ulong First { get; init; } = 1;

    /// <summary>How many seeds.</summary>
    public ulong Seeds { get; init; } = 10_000;

    /// <summary>Seeds from one to the next: each worker takes every so many.</summary>
    public ulong Step { get; init; } = 1;

    /// <summary>Processes that run seeds.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether to write down everything that happens.</summary>
    public bool Trace { get; init; }

    /// <summary>Whether to run every seed twice and compare.</summary>
    public bool Twice { get; init; }

    /// <summary>Whether to plant each of the bugs and look for it.</summary>
    public bool Planted { get; init; }

    /// <summary>The bug to plant; null for none.</summary>
    public string? Bug { get; init; }

    /// <summary>Whether this process runs seeds itself.</summary>
    public bool IsWorker { get; init; }

    /// <summary>Seeds that may fail before the rest is left.</summary>
    public int MostFailures { get; init; } = 10;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">Names what cannot be understood.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        Options options = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--seeds" => options with { Seeds = Number() },
                "--seed" => options with { First = Number(), Seeds = 1, Workers = 1 },
                "--first" => options with { First = Number() },
                "--step" => options with { Step = Math.Max(1, Number()) },
                "--workers" => options with { Workers = Math.Max(1, (int)Number()) },
                "--failures" => options with { MostFailures = (int)Number() },
                "--bug" => options with { Bug = Next() },
                "--trace" => options with { Trace = true },
                "--twice" => options with { Twice = true },
                "--planted" => options with { Planted = true },
                "--worker" => options with { IsWorker = true },
                _ => throw new FormatException($"'{arguments[i]}' is not an option of simulate"),
            };

            string Next() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"'{arguments[i - 1]}' needs a value");

            ulong Number() => ulong.TryParse(Next(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
                ? number
                : throw new FormatException($"'{arguments[i]}' is not a number");
        }

        return options;
    }

    /// <summary>The arguments that <see cref="Parse"/> reads as these options, for a worker.</summary>
    public IReadOnlyList<string> ToWorker() =>
    [
        "--worker",
        "--first", First.ToString(CultureInfo.InvariantCulture),
        "--seeds", Seeds.ToString(CultureInfo.InvariantCulture),
        "--step", Step.ToString(CultureInfo.InvariantCulture),
        "--failures", MostFailures.ToString(CultureInfo.InvariantCulture),
        .. Bug is null ? [] : (string[])["--bug", Bug],
        .. Trace ? (string[])["--trace"] : [],
        .. Twice ? (string[])["--twice"] : [],
    ];
}
