using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Merges partials of disjoint nodes along the canonical tree: T(l,i) = merge(T(l−1,2i), T(l−1,2i+1)), a missing child being the identity.</summary>
internal static class NodeMerger
{
    /// <summary>Merges everything under <paramref name="root"/>, in place.</summary>
    /// <param name="partials">In the order of their positions, each at <paramref name="root"/> or below. All but the result are disposed.</param>
    /// <param name="root">The node to make.</param>
    /// <returns>The merged partial, or null if there was none.</returns>
    public static PooledPartial? Merge(ReadOnlySpan<NodePartial> partials, TreeNode root)
    {
        if (partials.Length <= 1)
        {
            return partials.IsEmpty ? null : partials[0].Partial;
        }

        long middle = root.Right.FirstRun;
        int split = 0;
        while (split < partials.Length && partials[split].Node.FirstRun < middle)
        {
            split++;
        }

        PooledPartial? left = Merge(partials[..split], root.Left);
        PooledPartial? right = Merge(partials[split..], root.Right);
        if (left is null || right is null)
        {
            return left ?? right;
        }

        PartialMerge.Merge(left.Span, right.Span);
        right.Dispose();
        return left;
    }
}
