using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Ledger;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>One query tile of a call, before it is planned.</summary>
public sealed record TileQuery
{
    /// <summary>What it is computed against.</summary>
    public required LedgerSnapshot Snapshot { get; init; }

    /// <summary>Queries [Rows, NumHeadsQ, HeadDim]; once prepared for their owners, of StoredHeadDim components.</summary>
    public required ReadOnlyMemory<float> Q { get; init; }

    /// <summary>On whose behalf it is computed.</summary>
    public CallerId Caller { get; init; }

    /// <summary>Index of the first row in the call.</summary>
    public required long FirstRow { get; init; }

    /// <summary>Query rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Position of the first row.</summary>
    public required long FirstQueryPosition { get; init; }

    /// <summary>How to attend.</summary>
    public required AttendOptions Options { get; init; }

    /// <summary>The mask of <see cref="Options"/>, compiled once per call.</summary>
    public required CompiledMask Mask { get; init; }

    /// <summary>Rows that are planned together: blocks visited and skipped count once for each so many rows. 0 for all of them.</summary>
    public int RowsPerPlan { get; init; }

    /// <summary>
    /// Where the output [Rows, NumHeadsQ, HeadDimV] will be wanted: a process that holds everything may use it for its partial. Empty for memory of
    /// the partial's own.
    /// </summary>
    public Memory<float> Output { get; init; }

    /// <summary>Positions of the rows.</summary>
    public PositionRange Queries => new(FirstQueryPosition, FirstQueryPosition + Rows);
}
