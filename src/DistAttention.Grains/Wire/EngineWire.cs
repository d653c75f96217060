using System.Runtime.InteropServices;
using DistAttention.Contracts;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Grains;

/// <summary>Between the engine's types and those of the wire.</summary>
internal static class EngineWire
{
    public static ShardId ToId(ShardRef shard) => new(shard.Sequence, shard.Index, shard.Generation);

    public static ShardRef ToRef(ShardId id) => new(id.Sequence, id.Index, id.Generation);

    public static ShardMap ToMap(ReadOnlySpan<ShardEntry> shards)
    {
        List<(ShardRef, string)> entries = [];
        foreach (ShardEntry shard in shards)
        {
            entries.Add((ToRef(shard.Id), shard.Owner.Value));
        }

        return ShardMap.Of(entries);
    }

    public static IEnumerable<ShardEntry> ToEntries(ShardMap map) =>
        map.Shards().Select(static s => new ShardEntry(ToId(s.Shard), new OwnerId(s.Owner)));

    public static SequenceHandle ToHandle(LedgerRecord record) => new(record.Id.Value, record.Uid, Packed.Of(record.Spec));

    public static LedgerSnapshot ToSnapshot(LedgerView view) =>
        new(new SequenceId(view.Handle.Name), view.Handle.Spec.Value, view.State, ToEntries(view.Shards).ToArray()) { Fence = view.Fence };

    public static ReservationView ToView(Reservation reservation) => new(
        reservation.OperationId,
        reservation.Rows,
        reservation.Fence,
        [.. reservation.Parts.Select(static p => new ReservedSlice(ToRef(p.Shard.Id), p.Shard.Owner.Value, p.FirstIdx, p.Offset, p.Count, p.CommittedRows))],
        reservation.Completed);

    public static Reservation ToReservation(ReservationView view) => new(
        view.Operation,
        view.Rows,
        view.Fence,
        [.. view.Parts.Select(static p => new ReservedPart(new ShardEntry(ToId(p.Shard), new OwnerId(p.Owner)), p.FirstIdx, p.Offset, p.Count, p.CommittedRows))],
        view.Completed);

    /// <summary>Some rows of a tile, for the wire; of the mask's data only what is about those rows and the owner's positions.</summary>
    public static TileCall ToCall(TileRequest request, int firstRow, int rows)
    {
        SequenceSpec spec = request.Spec;
        int row = spec.NumHeadsQ * spec.StoredHeadDim;
        PositionRange queries = new(request.FirstQueryPosition + firstRow, request.FirstQueryPosition + firstRow + rows);
        return new TileCall
        {
            CallId = Guid.NewGuid(),
            Spec = Packed.Of(spec),
            Snapshot = request.Snapshot,
            Q = new TensorPayload(request.Q.Slice(firstRow * row, rows * row), rows, spec.NumHeadsQ, spec.StoredHeadDim),
            Rows = rows,
            FirstQueryPosition = request.FirstQueryPosition + firstRow,
            Mask = Packed.Of(request.Mask.HasData ? request.Mask.Restrict(queries, request.Positions) : request.Mask),
            Score = Packed.Of(request.Score),
            Shards = [.. request.Shards.Select(static s => new WireSlice(ToRef(s.Shard.Id), s.Length))],
            Nodes = [.. request.Nodes.Select(static n => new WireNode(n.Level, n.Index))],
            Fence = request.Fence,
        };
    }

    public static TileRequest ToRequest(TileCall call)
    {
        SequenceSpec spec = call.Spec.Value;
        if (call.Rows < 1 || call.Shards.Length == 0 || call.Nodes.Length == 0)
        {
            throw new CorruptPayloadException("a tile asks for nothing");
        }

        return new TileRequest
        {
            Spec = spec,
            Snapshot = call.Snapshot,
            Q = call.Q.Floats("q", call.Rows, spec.NumHeadsQ, spec.StoredHeadDim),
            Rows = call.Rows,
            FirstQueryPosition = call.FirstQueryPosition,
            Mask = call.Mask.Value,
            Score = call.Score.Value,
            Shards = [.. call.Shards.Select(static s => new ShardSlice(new ShardEntry(ToId(s.Shard), OwnerId.Local), s.Length))],
            Nodes = [.. call.Nodes.Select(static n => new TreeNode(n.Level, n.Index))],
            Fence = call.Fence,
        };
    }

    public static TileReply ToReply(TileAnswer answer, TileCall call) => new()
    {
        Nodes = [.. answer.Partials.Select(static p => new WireNode(p.Node.Level, p.Node.Index))],
        Partials = [.. answer.Partials.Select(static p => TensorPayload.SentOnce(p.Partial.Memory, p.Partial.Dispose, p.Partial.Memory.Length))],
        PositionsCounted = answer.PositionsCounted,
        NotHere = [.. answer.NotHere.Select(ToRef)],
    };

    public static TileMassCall ToCall(MassRequest request, int firstRow, int rows)
    {
        int heads = request.Tile.Spec.NumHeadsQ;
        return new TileMassCall
        {
            Tile = ToCall(request.Tile, firstRow, rows),
            MaxLog2 = new TensorPayload(request.MaxLog2.Slice(firstRow * heads, rows * heads), rows, heads),
            Sum = new TensorPayload(request.Sum.Slice(firstRow * heads, rows * heads), rows, heads),
            TopK = request.TopK,
            Bins = request.Bins,
        };
    }

    public static MassRequest ToRequest(TileMassCall call)
    {
        TileRequest tile = ToRequest(call.Tile);
        if (call.TopK is < 0 or > AttentionMassOptions.MaxTopK || call.Bins is < 0 or > AttentionMassOptions.MaxBins)
        {
            throw new CorruptPayloadException("a tile asks for more mass than there may be");
        }

        return new MassRequest
        {
            Tile = tile,
            MaxLog2 = MemoryMarshal.AsMemory(call.MaxLog2.Floats("maxLog2", tile.Rows, tile.Spec.NumHeadsQ)),
            Sum = MemoryMarshal.AsMemory(call.Sum.Floats("sum", tile.Rows, tile.Spec.NumHeadsQ)),
            TopK = call.TopK,
            Bins = call.Bins,
        };
    }

    public static TileMassReply ToReply(MassAnswer answer, TileMassCall call)
    {
        MassSpan mass = answer.Mass.Span;
        bool empty = answer.NotHere.Count > 0;
        long[] bins = empty ? [] : MemoryMarshal.Cast<ulong, long>(mass.Bins).ToArray();
        long[] positions = empty ? [] : mass.TopPositions.ToArray();
        float[] weights = empty ? [] : mass.TopWeights.ToArray();
        return new TileMassReply
        {
            Bins = new TensorPayload(bins, bins.Length),
            TopPositions = new TensorPayload(positions, positions.Length),
            TopWeights = new TensorPayload(weights, weights.Length),
            PositionsCounted = answer.PositionsCounted,
            NotHere = [.. answer.NotHere.Select(ToRef)],
        };
    }
}
