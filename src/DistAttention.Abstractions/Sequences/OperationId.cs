namespace DistAttention;

/// <summary>Names one append, so that repeating it after a lost answer changes nothing.</summary>
/// <param name="Value">A value the caller never uses for another append.</param>
public readonly record struct OperationId(Guid Value)
{
    /// <summary>A new, time-ordered id.</summary>
    public static OperationId New() => new(Guid.CreateVersion7());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("N");
}
