namespace DistAttention.Contracts.Access;

/// <summary>Lets clients call a method of a grain, if their token has a right. Without it, only silos of the cluster may.</summary>
/// <param name="needs">The right; none: any token will do.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientCallAttribute(Rights needs) : Attribute
{
    /// <summary>The right; none: any token will do.</summary>
    public Rights Needs { get; } = needs;
}
