using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>The second pass of a query tile: where the weight of each row goes.</summary>
public sealed record MassRequest
{
    /// <summary>The tile, with the shards to look at.</summary>
    public required TileRequest Tile { get; init; }

    /// <summary>Running maximum of each row after the first pass, base 2, [Rows, NumHeadsQ].</summary>
    public required Memory<float> MaxLog2 { get; init; }

    /// <summary>Row sums after the first pass, [Rows, NumHeadsQ].</summary>
    public required Memory<float> Sum { get; init; }

    /// <summary>Positions to report per row and head.</summary>
    public required int TopK { get; init; }

    /// <summary>Bins over the snapshot's length.</summary>
    public required int Bins { get; init; }

    /// <summary>What the second pass needs of the first one's partial.</summary>
    public PartialSpan Root => new(MaxLog2.Span, Sum.Span, [], Tile.Rows, Tile.Spec.NumHeadsQ, headDimV: 0);

    /// <summary>Empty mass of the tile's rows.</summary>
    public MassBuffer NewMass() => new(Tile.Rows, Tile.Spec.NumHeadsQ, Tile.Snapshot.Length, Bins, TopK);
}
