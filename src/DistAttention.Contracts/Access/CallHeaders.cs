namespace DistAttention.Contracts.Access;

/// <summary>What travels with a call beside its arguments, in the request context.</summary>
public static class CallHeaders
{
    /// <summary>A client's token.</summary>
    public const string Token = "distattn-token";

    /// <summary>What shows that a silo of the cluster makes the call.</summary>
    public const string Proof = "distattn-proof";

    /// <summary>Which client makes it, a <see cref="Guid"/> of its own choice: what compute is shared between where there are no tenants.</summary>
    public const string Client = "distattn-client";

    /// <summary>The span that the call belongs to, a W3C traceparent. Whoever is called believes it: it changes nothing but what is traced.</summary>
    public const string Trace = "distattn-trace";

    /// <summary>Says that whoever runs the cluster makes the call to see how it goes, and no client.</summary>
    public const string Probe = "distattn-probe";

    /// <summary>The tenant for whom a silo makes it.</summary>
    public const string Tenant = "distattn-tenant";
}
