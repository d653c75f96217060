using DistAttention.Contracts;

namespace DistAttention.Client;

/// <summary>The terms of each tile of a call: the same for all, except that of a mask's data each carries what is about its rows.</summary>
/// <param name="options">How the call attends.</param>
/// <param name="first">Position of its first row.</param>
/// <param name="rows">Its rows.</param>
/// <param name="length">Positions that they attend to; of no interest without mask data.</param>
internal sealed class CutTerms(AttendOptions options, long first, int rows, long length)
{
    private readonly AttendTerms? _same = options.Mask.HasData ? null : AttendTerms.Of(options);

    /// <summary>Rows per tile, such that the mask of each fits its message.</summary>
    public int RowsThatFit(int most) =>
        MaskLimits.RowsThatFit(options.Mask, new PositionRange(first, first + rows), [new PositionRange(0, length)], most);

    /// <summary>The terms of some rows.</summary>
    public AttendTerms Of(long firstRow, int count) => _same ?? AttendTerms.Of(options with
    {
        Mask = options.Mask.Restrict(new PositionRange(first + firstRow, first + firstRow + count), [new PositionRange(0, length)]),
    });
}
