using DistAttention.Engine.Planning;

namespace DistAttention.Engine.Execution;

/// <summary>The partial of a query tile over one node of the merge tree.</summary>
/// <param name="Node">The node.</param>
/// <param name="Partial">The partial; whoever holds this disposes it.</param>
public readonly record struct NodePartial(TreeNode Node, PooledPartial Partial);
