using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Kernels;

namespace DistAttention.Engine;

/// <summary>Takes the merged partials of a call's tiles, in any order.</summary>
internal abstract class TileSink
{
    /// <summary>Takes one; it is gone when this completes.</summary>
    public abstract Task TakeAsync(TileQuery tile, TileOutcome outcome, CancellationToken cancellationToken);
}

/// <summary>Writes o [rows, NumHeadsQ, HeadDimV] and lse [rows, NumHeadsQ] of a call; no lse if that is empty.</summary>
internal sealed class AnswerSink(QueryExecutor executor, SequenceSpec spec, Memory<float> o, Memory<float> lse) : TileSink
{
    public override Task TakeAsync(TileQuery tile, TileOutcome outcome, CancellationToken cancellationToken)
    {
        int first = (int)tile.FirstRow * spec.NumHeadsQ;
        int count = tile.Rows * spec.NumHeadsQ;
        return executor.FinishAsync(
            tile,
            outcome,
            o.Slice(first * spec.HeadDimV, count * spec.HeadDimV),
            lse.IsEmpty ? lse : lse.Slice(first, count),
            cancellationToken);
    }
}

/// <summary>Makes the second pass over the keys, and stores where the weight goes.</summary>
internal sealed class MassSink(QueryExecutor executor, ISequenceLedger ledger, AttentionMassOptions options, MassResult result) : TileSink
{
    public override async Task TakeAsync(TileQuery tile, TileOutcome outcome, CancellationToken cancellationToken)
    {
        MassBuffer mass = await executor.ExecuteMassAsync(tile, outcome, options, ledger, cancellationToken).ConfigureAwait(false);
        result.Store(mass.Span, (int)tile.FirstRow * tile.Snapshot.Spec.NumHeadsQ);
    }
}
