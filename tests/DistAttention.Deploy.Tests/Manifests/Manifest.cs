using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Manifests;

/// <summary>One object of Kubernetes.</summary>
/// <param name="Body">All of it.</param>
internal sealed record Manifest(Dictionary<string, object?> Body)
{
    public string Kind => Body.TextAt("kind") ?? "";

    public string ApiVersion => Body.TextAt("apiVersion") ?? "";

    public string Name => Body.TextAt("metadata/name") ?? "";

    public object? Spec => Body.At("spec");

    public override string ToString() => $"{Kind} {Name}";
}
