namespace DistAttention.Kernels;

/// <summary>
/// A few vectors side by side in registers: the scores of one query against some keys, some columns of its output, or what
/// these are made from. A struct of named fields, so that the decode loops are written once for every number of vectors.
/// </summary>
internal unsafe interface ILaneRow<TSelf, TLanes, TVec>
    where TSelf : struct, ILaneRow<TSelf, TLanes, TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    /// <summary>Vectors in the row.</summary>
    static abstract int Vectors { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Load(float* source);

    /// <summary>Stored components that lie one behind the other, widened.</summary>
    static abstract TSelf Columns<TElement>(byte* source)
        where TElement : struct, IKvElement;

    /// <summary>One stored component of neighbouring keys, widened.</summary>
    /// <param name="source">The component of the first key of a panel.</param>
    /// <param name="panel">Bytes from one panel to the next.</param>
    static abstract TSelf Keys<TElement>(byte* source, nint panel)
        where TElement : struct, IKvElement;

    /// <summary>row · factor.</summary>
    static abstract TSelf Multiply(TSelf row, TVec factor);

    /// <summary>Adds factor · row, rounded once. In place: the compiler then needs no copies of registers.</summary>
    void Fma(TVec factor, in TSelf row);

    /// <summary>The largest of the vectors, lane by lane.</summary>
    static abstract TVec Largest(in TSelf row);

    static abstract void Store(float* destination, TSelf row);
}
