using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>The probes ask what the silo answers, as often as agreed: 5 minutes to start, 10 s until calls go elsewhere, 30 s until it is started anew.</summary>
internal static class Probes
{
    private static readonly (string Probe, string Path, long Period, long Failures)[] _agreed =
    [
        ("startupProbe", "/healthz/startup", 5, 60),
        ("readinessProbe", "/healthz/ready", 5, 2),
        ("livenessProbe", "/healthz/live", 10, 3),
    ];

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        bool isSecure = set.Option("Admin:Https") == "true" || (set.Option("Tls:CertificateFile") is not null && set.Option("Admin:Https") is null);
        foreach ((string name, string path, long period, long failures) in _agreed)
        {
            object? probe = set.Container.At(name);
            if (probe.TextAt("httpGet/path") != path || probe.TextAt("httpGet/port") != "admin")
            {
                yield return $"{name} asks {probe.TextAt("httpGet/port")}{probe.TextAt("httpGet/path")}";
            }

            if (probe.IntegerAt("periodSeconds") != period || probe.IntegerAt("failureThreshold") != failures || probe.IntegerAt("timeoutSeconds") is not (>= 1 and <= 5))
            {
                yield return $"{name} asks every {probe.IntegerAt("periodSeconds")} s, {probe.IntegerAt("failureThreshold")} times, for {probe.IntegerAt("timeoutSeconds")} s";
            }

            if ((probe.TextAt("httpGet/scheme") ?? "HTTP") != (isSecure ? "HTTPS" : "HTTP"))
            {
                yield return $"{name} speaks {probe.TextAt("httpGet/scheme") ?? "HTTP"}, the admin port does not";
            }
        }
    }
}
