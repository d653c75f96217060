using System.Globalization;

namespace DistAttention.Fuzz.Running;

/// <summary>What the program is asked to do.</summary>
internal sealed record FuzzOptions
{
    /// <summary>What the help says.</summary>
    public const string Help = """
        usage: ./build.sh fuzz [--inputs N] [--seed S] [--target NAME]... [--at I] [--input FILE] [--threads T] [--out DIR] [--list]

          --inputs N     inputs for each target; default 100,000
          --seed S       where the inputs come from; default 1
          --target NAME  a target, or the start of its name; again for more; default: all
          --at I         only input number I of the seed: what a failure names
          --input FILE   only the input in a file, for one target
          --threads T    threads; default: one per processor
          --out DIR      where failing inputs are written; default: artifacts/fuzz
          --list         print the targets
        """;

    /// <summary>Inputs for each target.</summary>
    public long Inputs { get; init; } = 100_000;

    /// <summary>Where the inputs come from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The number of the first input.</summary>
    public long First { get; init; }

    /// <summary>Names of targets.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [.. FuzzTargets.All.Keys];

    /// <summary>A file to read instead of mutations.</summary>
    public string? InputFile { get; init; }

    /// <summary>Threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where failing inputs are written.</summary>
    public string OutFolder { get; init; } = Path.Combine("artifacts", "fuzz");

    /// <summary>How long one input may take.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether to print the targets and nothing else.</summary>
    public bool List { get; init; }

    /// <summary>Where a process that works for another says which inputs it is at; null in the other one.</summary>
    public string? WorkerNotes { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">Names what is wrong.</exception>
    public static FuzzOptions Parse(IReadOnlyList<string> arguments)
    {
        FuzzOptions options = new();
        List<string> targets = [];
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name} needs a value");
            long Number(long least, long most) =>
                long.TryParse(Value(), NumberStyles.AllowThousands | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
                    ? number
                    : throw new FormatException($"{name}: '{arguments[i]}' is not a number from {least} to {most}");
            options = name switch
            {
                "--inputs" => options with { Inputs = Number(1, long.MaxValue) },
                "--seed" => options with { Seed = (int)Number(int.MinValue, int.MaxValue) },
                "--at" => options with { First = Number(0, long.MaxValue - 1), Inputs = 1 },
                "--input" => options with { InputFile = Value() },
                "--threads" => options with { Threads = (int)Number(1, 256) },
                "--out" => options with { OutFolder = Value() },
                "--list" => options with { List = true },
                "--notes" => options with { WorkerNotes = Value() },
                "--target" => Add(Value()),
                _ => throw new FormatException($"'{name}' is not known"),
            };
        }

        return targets.Count == 0 ? options : options with { Targets = targets };

        FuzzOptions Add(string start)
        {
            string[] named = FuzzTargets.All.ContainsKey(start) ? [start] : [.. FuzzTargets.All.Keys.Where(t => t.StartsWith(start, StringComparison.Ordinal))];
            if (named.Length == 0)
            {
                throw new FormatException($"there is no target '{start}': {string.Join(", ", FuzzTargets.All.Keys)} are");
            }

            targets.AddRange(named.Except(targets));
            return options;
        }
    }
}
