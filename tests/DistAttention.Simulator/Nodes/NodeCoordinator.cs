using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Simulator.Nodes;

/// <summary>What a silo does for clients: appends and queries, as its coordinator would.</summary>
internal sealed class NodeCoordinator(Node node)
{
    public Task<AppendResult> AppendAsync(SequenceId id, Guid uid, SequenceSpec spec, float[] k, float[] v, int count, AppendOptions options, CancellationToken cancellationToken) =>
        node.Appender.AppendAsync(LedgerOf(id, uid), spec, k, v, count, options, CallerId.Anyone, cancellationToken).AsTask();

    public async Task<Answer> AttendAsync(SequenceId id, Guid uid, float[] q, int rows, AttendOptions options, CancellationToken cancellationToken)
    {
        ISequenceLedger ledger = LedgerOf(id, uid);
        LedgerSnapshot snapshot = await ledger.GetSnapshotAsync(cancellationToken).ConfigureAwait(false);
        if (options.Length is { } length)
        {
            snapshot = length <= snapshot.State.Length
                ? snapshot.CutTo(length)
                : throw new InvalidSpecException(nameof(AttendOptions.Length), $"{length} is more than the {snapshot.State.Length} committed positions");
        }

        SequenceSpec spec = snapshot.Spec;
        float[] o = new float[rows * spec.NumHeadsQ * spec.HeadDimV];
        float[] lse = new float[rows * spec.NumHeadsQ];

        // In one tile, or in two against the same state with whatever happens in between.
        int cut = rows > 1 && node.Cluster.World.Happens(0.3) ? 1 : rows;
        await RunTileAsync(0, cut).ConfigureAwait(false);
        if (cut < rows)
        {
            await node.Cluster.World.DelayAsync(node.Cluster.World.Ticks(0, 200)).ConfigureAwait(false);
            await RunTileAsync(cut, rows).ConfigureAwait(false);
        }

        return new Answer(snapshot.State, o, lse);

        async Task RunTileAsync(int from, int to)
        {
            int row = spec.NumHeadsQ * spec.HeadDim;
            int slot = spec.NumHeadsQ;
            TileQuery query = new()
            {
                Snapshot = snapshot,
                Q = q.AsMemory(from * row, (to - from) * row),
                FirstRow = from,
                Rows = to - from,
                FirstQueryPosition = Planner.FirstQueryPosition(options, rows, snapshot.State.Length) + from,
                Options = options,
                Mask = CompiledMask.Compile(options.Mask),
            };
            using TileOutcome outcome = await node.Executor.ExecuteAsync(query, ledger, cancellationToken).ConfigureAwait(false);
            await node.Executor.FinishAsync(
                query,
                outcome,
                o.AsMemory(from * slot * spec.HeadDimV, (to - from) * slot * spec.HeadDimV),
                lse.AsMemory(from * slot, (to - from) * slot),
                cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<(AppendResult Appended, Answer Answer)> AppendAndAttendAsync(
        SequenceId id, Guid uid, SequenceSpec spec, float[] k, float[] v, int count, AppendOptions append, float[] q, int rows, AttendOptions attend, CancellationToken cancellationToken)
    {
        AppendResult appended = await AppendAsync(id, uid, spec, k, v, count, append, cancellationToken).ConfigureAwait(false);
        Answer answer = await AttendAsync(id, uid, q, rows, attend with { Length = appended.FirstPosition + appended.Count }, cancellationToken).ConfigureAwait(false);
        return (appended, answer);
    }

    private ISequenceLedger LedgerOf(SequenceId id, Guid uid) => node.Cluster.Bug.Ledger(new RemoteLedger(node, id, uid), node.Cluster.World);
}

/// <summary>What a query is answered.</summary>
/// <param name="State">The state it was computed against, cut to the length asked for.</param>
/// <param name="O">[rows, NumHeadsQ, HeadDimV].</param>
/// <param name="Lse">[rows, NumHeadsQ].</param>
internal sealed record Answer(SequenceSnapshot State, float[] O, float[] Lse);
