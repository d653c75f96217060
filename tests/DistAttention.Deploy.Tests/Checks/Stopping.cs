using System.Globalization;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>A silo has the time to stop that it is told it has: the pod is killed only after its preStop sleep, its own limit, and some more.</summary>
internal static class Stopping
{
    private const long LeastMargin = 10; // the silo ends itself 2 s after its limit

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        long grace = set.Pod.IntegerAt("spec/terminationGracePeriodSeconds") ?? 30;
        long sleep = set.Container.IntegerAt("lifecycle/preStop/sleep/seconds") ?? 0;
        if (!TimeSpan.TryParseExact(set.Option("Hosting:ShutdownTimeout"), "c", CultureInfo.InvariantCulture, out TimeSpan limit))
        {
            yield return $"Hosting:ShutdownTimeout is '{set.Option("Hosting:ShutdownTimeout")}'";
        }
        else if (grace < sleep + (long)limit.TotalSeconds + LeastMargin)
        {
            yield return $"the pod is killed after {grace} s; it sleeps {sleep} s and may take {limit.TotalSeconds} s to stop";
        }

        if (sleep < 1)
        {
            yield return "balancers get no time to stop sending before the silo stops";
        }
    }
}
