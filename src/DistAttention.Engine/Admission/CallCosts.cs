using DistAttention.Calls;
using DistAttention.Kernels;

namespace DistAttention.Engine.Admission;

/// <summary>What calls take, as far as can be said before they are planned.</summary>
public static class CallCosts
{
    /// <summary>Rows up to which a call goes before longer ones, and takes about as long as one row: the time of reading K and V.</summary>
    private const int ShortRows = 16;

    /// <summary>
    /// Multiplications that everything else about a call takes as long as: without them, small calls would make large ones look slower than they are.
    /// </summary>
    private const double CallWork = 1e6;

    /// <summary>The cost of attending.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="firstQueryPosition">Position of the first.</param>
    /// <param name="mask">Which positions they see.</param>
    /// <param name="length">Positions there are.</param>
    /// <param name="timeLeft">Until the deadline.</param>
    public static CallCost OfAttend(CallerId caller, SequenceSpec spec, int rows, long firstQueryPosition, CompiledMask mask, long length, TimeSpan timeLeft)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(mask);
        rows = Math.Max(rows, 0); // what a call from outside says is looked at later
        long bytes = (long)rows * spec.NumHeadsQ * (spec.HeadDim + spec.HeadDimV + 1) * sizeof(float);
        double seen = SeenPerRow(mask, new PositionRange(firstQueryPosition, firstQueryPosition + rows), length);
        double work = CallWork + (Math.Max(rows, ShortRows) * seen * spec.NumHeadsQ * (spec.HeadDim + spec.HeadDimV));
        return new CallCost(caller, bytes, work, rows <= ShortRows, timeLeft);
    }

    /// <summary>The cost of appending.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="rows">Rows.</param>
    public static CallCost OfAppend(CallerId caller, SequenceSpec spec, int rows)
    {
        ArgumentNullException.ThrowIfNull(spec);
        rows = Math.Max(rows, 0);
        const double packing = 16; // multiplications that packing a number takes as long as
        double numbers = (double)rows * spec.NumHeadsKv * (spec.HeadDim + spec.AppendedHeadDimV);
        return new CallCost(caller, (long)numbers * sizeof(float), CallWork + (numbers * packing), rows <= SequenceFormat.BlockLength, Timeout.InfiniteTimeSpan);
    }

    /// <summary>About how many positions a row sees: as many as have to be looked at for the first, the middle and the last, on average.</summary>
    private static double SeenPerRow(CompiledMask mask, PositionRange queries, long length)
    {
        PositionRange all = new(0, length);
        double first = mask.Needed(new PositionRange(queries.Start, queries.Start + 1), all).Length;
        double last = mask.Needed(new PositionRange(queries.End - 1, queries.End), all).Length;
        return (first + last) / 2;
    }
}
