namespace DistAttention.Calls;

/// <summary>On whose behalf work is done: a tenant, or a client where there are no tenants. What compute, queues and memory are shared between.</summary>
/// <param name="Value">The name; null for the process itself, and for callers that no one tells apart.</param>
public readonly record struct CallerId(string? Value)
{
    /// <summary>Callers that no one tells apart.</summary>
    public static CallerId Anyone => default;

    /// <inheritdoc/>
    public override string ToString() => Value ?? "anyone";
}
