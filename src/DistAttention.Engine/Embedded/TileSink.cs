using DistAttention.Calls;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Kernels;

namespace DistAttention.Engine;

/// <summary>Takes the merged partials of a call's tiles, in any order.</summary>
internal abstract class TileSink
{
    /// <summary>Refuses queries that there is not the right room for.</summary>
    public virtual void Require(ReadOnlyMemory<float> q)
    {
    }

    /// <summary>Where the output of a tile of a call is wanted; empty if it is not.</summary>
    public virtual Memory<float> OutputOf(long firstRow, int rows) => default;

    /// <summary>Takes one; it is gone when this completes.</summary>
    public abstract ValueTask TakeAsync(TileQuery tile, TileOutcome outcome, CancellationToken cancellationToken);
}

/// <summary>Writes o [rows, NumHeadsQ, HeadDimV] and lse [rows, NumHeadsQ] of a call; no lse if that is empty.</summary>
internal sealed class AnswerSink(QueryExecutor executor, SequenceSpec spec, Memory<float> o, Memory<float> lse) : TileSink
{
    public override void Require(ReadOnlyMemory<float> q) => Shapes.RequireAnswer(spec, q, o, lse);

    public override Memory<float> OutputOf(long firstRow, int rows) =>
        o.Slice((int)firstRow * spec.NumHeadsQ * spec.HeadDimV, rows * spec.NumHeadsQ * spec.HeadDimV);

    public override ValueTask TakeAsync(TileQuery tile, TileOutcome outcome, CancellationToken cancellationToken) => executor.FinishAsync(
        tile,
        outcome,
        OutputOf(tile.FirstRow, tile.Rows),
        lse.IsEmpty ? lse : lse.Slice((int)tile.FirstRow * spec.NumHeadsQ, tile.Rows * spec.NumHeadsQ),
        cancellationToken);
}

/// <summary>Makes the second pass over the keys, and stores where the weight goes.</summary>
internal sealed class MassSink(QueryExecutor executor, ISequenceLedger ledger, AttentionMassOptions options, MassResult result) : TileSink
{
    public override async ValueTask TakeAsync(TileQuery tile, TileOutcome outcome, CancellationToken cancellationToken)
    {
        MassBuffer mass = await executor.ExecuteMassAsync(tile, outcome, options, ledger, cancellationToken).ConfigureAwait(false);
        result.Store(mass.Span, (int)tile.FirstRow * tile.Snapshot.Spec.NumHeadsQ);
    }
}
