using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>Which owner computes which (query rows × positions), and why the rest is skipped. Pure: nothing runs.</summary>
public static class Planner
{
    /// <summary>About the size of a tile of q on its way to an owner, and at most that of what comes back.</summary>
    public const int TileBytes = 1 << 20;

    /// <summary>About the size of what one tile of the second pass collects.</summary>
    private const int MassBytes = 8 << 20;

    /// <summary>Query rows per tile, at least 1.</summary>
    /// <param name="spec">The sequence's shape.</param>
    public static int TileRows(SequenceSpec spec) =>
        Math.Max(1, TileBytes / (spec.NumHeadsQ * Math.Max(Math.Max(spec.HeadDim, spec.StoredHeadDim), spec.HeadDimV) * sizeof(float)));

    /// <summary>Query rows per tile of a call that also reports mass, at least 1: fewer where much is collected per row.</summary>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="options">What to report.</param>
    public static int TileRows(SequenceSpec spec, AttentionMassOptions options)
    {
        long rowBytes = spec.NumHeadsQ * (((long)options.Bins * sizeof(long)) + (options.TopK * (sizeof(long) + sizeof(float))));
        return (int)Math.Clamp(MassBytes / rowBytes, 1, TileRows(spec));
    }

    /// <summary>Positions of a shard inside a sequence of <paramref name="length"/> positions.</summary>
    /// <param name="shard">Its index.</param>
    /// <param name="shardLength">Positions per shard.</param>
    /// <param name="length">Positions of the sequence.</param>
    public static PositionRange PositionsOf(int shard, int shardLength, long length) =>
        new((long)shard * shardLength, Math.Min(length, (shard + 1L) * shardLength));

    /// <summary>Position of the first query row: as asked, or such that the last row stands at the last position.</summary>
    /// <param name="options">How to attend.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="length">Positions of the sequence.</param>
    public static long FirstQueryPosition(AttendOptions options, long rows, long length) => options.FirstQueryPosition ?? length - rows;

    /// <summary>The plan of a whole call over a sequence that one owner holds; for looking at, before there is any sequence.</summary>
    /// <param name="id">The sequence.</param>
    /// <param name="spec">Its shape.</param>
    /// <param name="snapshot">What the call is computed against.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="options">How to attend.</param>
    /// <param name="rates">How fast things are; by default, this machine with all its processors.</param>
    public static AttentionPlan Plan(SequenceId id, SequenceSpec spec, SequenceSnapshot snapshot, long rows, AttendOptions options, CostRates? rates = null)
    {
        spec.Validate();
        ShardEntry[] shards = new ShardEntry[LedgerSnapshot.ShardCount(snapshot.Length, spec.ShardLength)];
        for (int i = 0; i < shards.Length; i++)
        {
            shards[i] = new ShardEntry(new ShardId(Guid.Empty, i, 0), OwnerId.Local);
        }

        return Plan(new LedgerSnapshot(id, spec, snapshot, shards), rows, options, rates);
    }

    /// <summary>The plan of a whole call.</summary>
    /// <param name="snapshot">What the call is computed against.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="options">How to attend.</param>
    /// <param name="rates">How fast things are; by default, this machine with all its processors.</param>
    public static AttentionPlan Plan(LedgerSnapshot snapshot, long rows, AttendOptions options, CostRates? rates = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        CompiledMask mask = CompiledMask.Compile(options.Mask);
        string skipReason = SkipReasons.Of(options.Mask);
        int tileRows = TileRows(snapshot.Spec);
        long first = FirstQueryPosition(options, rows, snapshot.State.Length);
        List<ShardVisit> visits = [];
        PlanCosts costs = new(snapshot.Spec, options.Mask, rates ?? CostRates.OfThisMachine(Environment.ProcessorCount));
        long budget = CompiledMask.PairsLookedAt;
        for (long row = 0; row < rows; row += tileRows)
        {
            PositionRange queries = new(first + row, first + Math.Min(rows, row + tileRows));
            int firstVisit = visits.Count;
            List<ShardSlice> visible = [];
            for (int i = 0; i < snapshot.Shards.Length; i++)
            {
                ShardVisit visit = Visit(snapshot, mask, queries, i, skipReason, ref budget);
                visits.Add(visit);
                if (visit.Coverage != Coverage.None)
                {
                    visible.Add(new ShardSlice(snapshot.Shards.Span[i], (int)visit.Positions.Length));
                }
            }

            costs.Add(visits.Skip(firstVisit), OwnerWork.Assign(visible, snapshot.Spec.ShardLength, TreeNode.Root(snapshot.State.Length)), queries);
        }

        return costs.Into(new AttentionPlan
        {
            Sequence = snapshot.Id,
            Snapshot = snapshot.State,
            Mask = options.Mask.ToString(),
            Queries = new PositionRange(first, first + rows),
            TileRows = tileRows,
            Visits = visits,
        });
    }

    private static ShardVisit Visit(LedgerSnapshot snapshot, CompiledMask mask, PositionRange queries, int shard, string skipReason, ref long budget)
    {
        SequenceSpec spec = snapshot.Spec;
        PositionRange positions = PositionsOf(shard, spec.ShardLength, snapshot.State.Length);
        ShardSurvey survey = ShardSurvey.Of(mask, queries, positions);
        PairCount pairs = survey.Coverage == Coverage.None ? default : mask.CountVisible(queries, positions, ref budget);
        return new ShardVisit
        {
            Queries = queries,
            Shard = shard,
            Owner = snapshot.Shards.Span[shard].Owner.Value,
            Positions = positions,
            Coverage = survey.Coverage,
            BlocksFull = survey.BlocksFull,
            BlocksMasked = survey.BlocksMasked,
            BlocksSkipped = survey.BlocksSkipped,
            SkipReason = survey.BlocksSkipped == 0 ? "" : skipReason,
            UnmaskedPairs = pairs,
            KvBytes = (long)(survey.BlocksFull + survey.BlocksMasked) * KvLayout.Of(spec).BlockBytes,
            Flops = 2.0 * pairs.Estimate * spec.NumHeadsQ * (spec.StoredHeadDim + spec.HeadDimV),
        };
    }
}
