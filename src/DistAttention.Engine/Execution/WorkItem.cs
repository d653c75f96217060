namespace DistAttention.Engine.Execution;

/// <summary>One item of a <see cref="WorkSplit"/>.</summary>
/// <param name="Node">Index into its nodes.</param>
/// <param name="FirstHeadKv">First K/V head.</param>
/// <param name="HeadCount">K/V heads.</param>
/// <param name="FirstRow">First query row.</param>
/// <param name="RowCount">Query rows.</param>
internal readonly record struct WorkItem(int Node, int FirstHeadKv, int HeadCount, int FirstRow, int RowCount);
