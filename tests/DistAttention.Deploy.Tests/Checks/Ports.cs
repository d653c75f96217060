using System.Globalization;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>
/// The ports that silos are told to listen on are those that the container names, that services lead to and that the network policy opens: the
/// silo port to silos alone, the gateway and the API to callers, the admin port to neither of them.
/// </summary>
internal static class Ports
{
    private static readonly Dictionary<string, string> _options = new()
    {
        ["silo"] = "Endpoint:SiloPort",
        ["gateway"] = "Endpoint:GatewayPort",
        ["http"] = "Http:Port",
        ["admin"] = "Admin:Port",
    };

    public static IEnumerable<string> Problems(ManifestSet set) => Containers(set).Concat(Services(set)).Concat(Policy(set));

    private static Dictionary<string, long?> Named(ManifestSet set) =>
        set.Container.ItemsAt("ports").ToDictionary(static p => p.TextAt("name") ?? "", static p => p.IntegerAt("containerPort"));

    private static IEnumerable<string> Containers(ManifestSet set)
    {
        Dictionary<string, long?> named = Named(set);
        foreach ((string name, string option) in _options)
        {
            string? port = named.GetValueOrDefault(name)?.ToString(CultureInfo.InvariantCulture);
            if (port is null || port != set.Option(option))
            {
                yield return $"the container's port {name} is {port ?? "missing"}, {option} is {set.Option(option) ?? "not set"}";
            }
        }
    }

    private static IEnumerable<string> Services(ManifestSet set)
    {
        Dictionary<string, long?> named = Named(set);
        foreach (Manifest service in set.OfKind("Service"))
        {
            foreach (object? port in service.Spec.ItemsAt("ports"))
            {
                if (!named.TryGetValue(port.TextAt("targetPort") ?? "", out long? container) || container != port.IntegerAt("port"))
                {
                    yield return $"{service}: port {port.TextAt("name")} leads to {port.TextAt("targetPort")}, {port.IntegerAt("port")} to {container}";
                }
            }

            bool isAdmin = service.Name.EndsWith("-admin", StringComparison.Ordinal);
            if (isAdmin != service.Spec.ItemsAt("ports").Any(static p => p.TextAt("targetPort") == "admin"))
            {
                yield return $"{service}: the admin port belongs to the admin service, and to no other";
            }
        }

        foreach (object? endpoint in set.OfKind("ServiceMonitor").SelectMany(static m => m.Spec.ItemsAt("endpoints")))
        {
            if (endpoint.TextAt("port") != "admin" || endpoint.TextAt("path") != "/metrics")
            {
                yield return $"metrics are scraped from {endpoint.TextAt("port")}{endpoint.TextAt("path")}";
            }
        }
    }

    private static IEnumerable<string> Policy(ManifestSet set)
    {
        Dictionary<string, long?> named = Named(set);
        foreach (Manifest policy in set.OfKind("NetworkPolicy"))
        {
            foreach (object? rule in policy.Spec.ItemsAt("ingress"))
            {
                string[] opened = [.. rule.ItemsAt("ports").Select(p => named.FirstOrDefault(n => n.Value == p.IntegerAt("port")).Key ?? "unknown").Order(StringComparer.Ordinal)];
                if (rule.ItemsAt("from").Count == 0 || opened is not (["gateway", "silo"] or ["gateway", "http"] or ["admin"]))
                {
                    yield return $"{policy}: one rule opens [{string.Join(", ", opened)}] to {rule.ItemsAt("from").Count} peers";
                }

                bool onlySilos = rule.ItemsAt("from") is [var peer] && peer.At("namespaceSelector") is null
                    && YamlWriter.Text(peer.At("podSelector/matchLabels")) == YamlWriter.Text(set.Workload.Spec.At("selector/matchLabels"));
                if (opened.Contains("silo") && !onlySilos)
                {
                    yield return $"{policy}: the silo port is open to others than silos";
                }
            }

            bool towardsSilos = policy.Spec.ItemsAt("egress").Any(rule => rule.ItemsAt("ports").Any(p => p.IntegerAt("port") == named.GetValueOrDefault("silo")));
            if (!towardsSilos || !policy.Spec.ItemsAt("policyTypes").Contains("Egress"))
            {
                yield return $"{policy}: silos may not reach each other, or everything";
            }

            bool towardsNames = policy.Spec.ItemsAt("egress").Any(static rule =>
                rule.ItemsAt("to").Any(static to => YamlWriter.Text(to.At("podSelector/matchLabels")) == "k8s-app: kube-dns") && rule.ItemsAt("ports").Count == 2);
            if (!towardsNames)
            {
                yield return $"{policy}: silos may not ask for names";
            }
        }
    }
}
