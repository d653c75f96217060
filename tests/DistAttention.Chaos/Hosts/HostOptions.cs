using System.Globalization;

namespace DistAttention.Chaos.Hosts;

/// <summary>What to do to hosts.</summary>
public sealed record HostOptions
{
    /// <summary>The faults, one after the other. Default: all of them.</summary>
    public IReadOnlyList<HostFault> Faults { get; init; } = HostFault.All;

    /// <summary>How long each lasts. Default 60 s.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>More arguments of every silo. Default: none, which are the options that a silo has unless told otherwise.</summary>
    public IReadOnlyList<string> SiloArguments { get; init; } = [];

    /// <summary>Whether to leave the logs.</summary>
    public bool Keep { get; init; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">Names what cannot be understood.</exception>
    public static HostOptions Parse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        HostOptions options = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--seconds" => options with { Time = TimeSpan.FromSeconds(Number()) },
                "--fault" => options with { Faults = [HostFault.All[Math.Clamp((int)Number() - 1, 0, HostFault.All.Count - 1)]] },
                "--keep" => options with { Keep = true },
                _ => throw new FormatException($"'{arguments[i]}' is not an option of hosts"),
            };

            double Number()
            {
                string name = arguments[i];
                return ++i < arguments.Count && double.TryParse(arguments[i], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0
                    ? value
                    : throw new FormatException($"{name} needs a number above 0");
            }
        }

        return options;
    }
}
