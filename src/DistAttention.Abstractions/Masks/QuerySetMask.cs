namespace DistAttention;

/// <summary>Queries at the positions of a set see everything, others nothing.</summary>
public sealed record QuerySetMask : AttentionMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="queries">See <see cref="Queries"/>.</param>
    public QuerySetMask(PositionSet queries)
    {
        ArgumentNullException.ThrowIfNull(queries);
        Queries = queries;
    }

    /// <summary>The queries that see everything.</summary>
    public new PositionSet Queries { get; }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => Queries.Contains(qPos);

    /// <inheritdoc/>
    public override string ToString() => $"queries:{Queries}";

    private protected override void Describe(MaskDigest digest) => Queries.DescribeTo(digest.Kind("queries"));
}
