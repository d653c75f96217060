using System.Globalization;
using DistAttention.Chaos.Running;

namespace DistAttention.Chaos.Elasticity;

/// <summary>How a cluster is changed under load.</summary>
public sealed record ElasticOptions
{
    /// <summary>What happens to its silos.</summary>
    public ElasticScenario Scenario { get; init; } = ElasticScenario.RollingRestart;

    /// <summary>How often.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Rows that each sequence has before anything changes.</summary>
    public int Rows { get; init; } = 12_000;

    /// <summary>How long everything is left alone between two changes.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How the cluster is put together.</summary>
    public ChaosOptions Cluster { get; init; } = new() { Replicas = 1 };

    /// <summary>Reads a command line that begins with <c>--rolling N</c> or <c>--scale N</c>, N being rounds; what follows is of chaos. Null for another one.</summary>
    /// <exception cref="FormatException">Names what cannot be understood.</exception>
    public static ElasticOptions? TryParse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ElasticScenario? scenario = arguments is [var first, ..] ? first switch
        {
            "--rolling" => ElasticScenario.RollingRestart,
            "--scale" => ElasticScenario.Scale,
            _ => null,
        } : null;
        if (scenario is null)
        {
            return null;
        }

        int rounds = arguments.Count > 1 && int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 ? n : throw new FormatException($"{arguments[0]} needs a number of rounds");
        ChaosOptions cluster = ChaosOptions.Parse(["--replicas", "1", .. arguments.Skip(2)]);
        return new ElasticOptions { Scenario = scenario.Value, Rounds = rounds, Cluster = cluster };
    }
}

/// <summary>What happens to the silos.</summary>
public enum ElasticScenario
{
    /// <summary>Each of three silos is asked to end, and started again once it has.</summary>
    RollingRestart,

    /// <summary>Two silos become four, and two again.</summary>
    Scale,
}
