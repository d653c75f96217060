using DistAttention.Deploy.Tests.Manifests;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Looks for what is wrong with manifests, one sentence for each problem.</summary>
internal static class ManifestCheck
{
    private static readonly Func<ManifestSet, IEnumerable<string>>[] _checks =
    [
        KnownFields.Problems,
        RequiredFields.Problems,
        Names.Problems,
        References.Problems,
        Selectors.Problems,
        Ports.Problems,
        Probes.Problems,
        Resources.Problems,
        Stopping.Problems,
        Security.Problems,
        Rollout.Problems,
        SiloOptions.Problems,
        Scaling.Problems,
    ];

    public static IReadOnlyList<string> Problems(ManifestSet set) => [.. _checks.SelectMany(check => check(set))];
}
