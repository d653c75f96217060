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
    /// <param name="partial">Where in the stack.</param>
    /// <param name="job">The job.</param>
    /// <param name="start">Position of the first key.</param>
    /// <param name="keyCount">Keys.</param>
    /// <param name="coverage">What the mask does to the whole chunk of queries and these keys; never None.</param>
    void Fold(int partial, in NodeJob job, long start, int keyCount, Coverage coverage);

    /// <summary>Merges the next partial of the stack, of higher positions, into this one.</summary>
    void Merge(int partial);
}
