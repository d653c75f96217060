using YamlDotNet.Serialization;

namespace DistAttention.Deploy.Tests.Kinds;

// The fields of the Prometheus operator's kinds that the manifests use, from its API reference (monitoring.coreos.com/v1).
// A field that is not here is refused, as the operator would.

public sealed class Metadata
{
    public string? Name { get; set; }

    public string? Namespace { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }
}

public sealed class ServiceMonitor
{
    public string? ApiVersion { get; set; }

    public string? Kind { get; set; }

    public Metadata? Metadata { get; set; }

    public ServiceMonitorSpec? Spec { get; set; }
}

public sealed class ServiceMonitorSpec
{
    public LabelSelector? Selector { get; set; }

    public List<Endpoint>? Endpoints { get; set; }
}

public sealed class LabelSelector
{
    public Dictionary<string, string>? MatchLabels { get; set; }
}

public sealed class Endpoint
{
    public string? Port { get; set; }

    public string? Path { get; set; }

    public string? Interval { get; set; }

    public string? ScrapeTimeout { get; set; }

    public string? Scheme { get; set; }

    public TlsConfig? TlsConfig { get; set; }
}

public sealed class TlsConfig
{
    public string? ServerName { get; set; }

    [YamlMember(Alias = "ca", ApplyNamingConventions = false)]
    public SecretOrConfigMap? Authority { get; set; }
}

public sealed class SecretOrConfigMap
{
    public KeySelector? Secret { get; set; }
}

public sealed class KeySelector
{
    public string? Name { get; set; }

    public string? Key { get; set; }
}

public sealed class PrometheusRule
{
    public string? ApiVersion { get; set; }

    public string? Kind { get; set; }

    public Metadata? Metadata { get; set; }

    public PrometheusRuleSpec? Spec { get; set; }
}

public sealed class PrometheusRuleSpec
{
    public List<RuleGroup>? Groups { get; set; }
}

public sealed class RuleGroup
{
    public string? Name { get; set; }

    public List<Rule>? Rules { get; set; }
}

public sealed class Rule
{
    public string? Alert { get; set; }

    public string? Expr { get; set; }

    public string? For { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }
}
