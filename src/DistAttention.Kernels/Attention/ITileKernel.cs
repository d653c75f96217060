namespace DistAttention.Kernels;

/// <summary>
/// A way to compute one chunk of query vectors. It holds a stack of partials; <see cref="NodeFold"/> says when to start
/// one, which tiles to fold into it and when to merge two.
/// </summary>
internal interface ITileKernel
{
    /// <summary>Makes a partial of the stack empty.</summary>
    void Reset(int partial);

    /// <summary>Folds the leading <paramref name="keyCount"/> keys of the tile at <paramref name="start"/> into a partial.</summary>
    void Fold(int partial, in NodeJob job, long start, int keyCount);

    /// <summary>Merges the next partial of the stack, of higher positions, into this one.</summary>
    void Merge(int partial);
}
