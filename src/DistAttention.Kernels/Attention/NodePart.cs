namespace DistAttention.Kernels;

/// <summary>What one call of <see cref="AttentionKernel"/> computes: part of the query tile against one node of the merge tree.</summary>
/// <param name="FirstHeadKv">First K/V head.</param>
/// <param name="HeadCount">K/V heads; several at once follow the order of memory, which few query rows gain from.</param>
/// <param name="FirstRow">First query row.</param>
/// <param name="RowCount">Query rows.</param>
/// <param name="FirstRun">First run of the node, a multiple of 2^level.</param>
/// <param name="Level">Level of the node: 0 is one run.</param>
public readonly record struct NodePart(int FirstHeadKv, int HeadCount, int FirstRow, int RowCount, long FirstRun, int Level);
