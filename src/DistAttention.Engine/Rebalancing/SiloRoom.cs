using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>An owner that shards may be on.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="BudgetBytes">Bytes of K/V that it may have in memory.</param>
/// <param name="Leaves">Whether it is to have none in the end.</param>
public sealed record SiloRoom(OwnerId Owner, long BudgetBytes, bool Leaves = false);
