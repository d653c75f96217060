namespace DistAttention.Contracts.Access;

/// <summary>What a token allows.</summary>
[Flags]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Open, list and explain sequences of the tenant, and attend over them.</summary>
    Read = 1,

    /// <summary>Create, fork, append to, truncate and delete sequences of the tenant.</summary>
    Write = 2,

    /// <summary>See what silos hold in all, and call the management interfaces of Orleans.</summary>
    Admin = 4,
}
