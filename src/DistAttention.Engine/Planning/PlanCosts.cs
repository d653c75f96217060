using DistAttention.Engine.Execution;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Planning;

/// <summary>Adds up what the tiles of a call should cost, by owner and by step.</summary>
internal sealed class PlanCosts(SequenceSpec spec, AttentionMask mask, CostRates rates)
{
    /// <summary>Time to decide about one block of one tile, measured over the masks there are.</summary>
    private static readonly TimeSpan _perBlock = TimeSpan.FromMicroseconds(0.1);

    private readonly Dictionary<string, OwnerCost> _owners = [];
    private long _tiles;
    private long _blocks;
    private long _mergeBytes;
    private long _finishBytes;
    private TimeSpan _ask;

    /// <summary>Adds a tile.</summary>
    /// <param name="visits">Its visits, of all shards.</param>
    /// <param name="work">What the owners of visible shards are asked for.</param>
    /// <param name="queries">Positions of its rows.</param>
    public void Add(IEnumerable<ShardVisit> visits, IReadOnlyList<OwnerWork> work, PositionRange queries)
    {
        long partialBytes = (long)PooledPartial.LengthOf((int)queries.Length, spec.NumHeadsQ, spec.HeadDimV) * sizeof(float);
        long queryBytes = queries.Length * spec.NumHeadsQ * spec.HeadDim * sizeof(float);
        long partials = work.Sum(static w => (long)w.Nodes.Count);
        Dictionary<string, List<ShardVisit>> byOwner = [];
        foreach (ShardVisit visit in visits)
        {
            _blocks += visit.BlocksFull + visit.BlocksMasked + visit.BlocksSkipped;
            (byOwner.TryGetValue(visit.Owner, out List<ShardVisit>? of) ? of : byOwner[visit.Owner] = []).Add(visit);
        }

        TimeSpan slowest = default;
        foreach (OwnerWork of in work)
        {
            bool travels = of.Owner != OwnerId.Local;
            List<ShardVisit> own = byOwner[of.Owner.Value];
            double flops = own.Sum(static v => v.Flops);
            OwnerCost cost = new()
            {
                Owner = of.Owner.Value,
                Tiles = 1,
                QueryBytes = travels ? queryBytes : 0,
                MaskBytes = travels && mask.HasData ? mask.DataBytes(queries, of.PositionsOf(spec.ShardLength)) : 0,
                AnswerBytes = travels ? of.Nodes.Count * partialBytes : 0,
                KvBytes = own.Sum(static v => v.KvBytes),
                Flops = flops,
                ComputeTime = rates.ComputeTime(flops),
            };
            long bytes = cost.QueryBytes + cost.MaskBytes + cost.AnswerBytes;
            TimeSpan time = cost.ComputeTime + (travels ? rates.MessageTime + TimeSpan.FromSeconds(bytes / rates.NetworkBytesPerSecond) : default);
            slowest = time > slowest ? time : slowest;
            _owners[cost.Owner] = _owners.TryGetValue(cost.Owner, out OwnerCost? before) ? before + cost : cost;
        }

        _tiles++;
        _ask += slowest;
        _mergeBytes += partials > 1 ? partials * partialBytes : 0;
        _finishBytes += partialBytes;
    }

    /// <summary>Everything added, into a plan.</summary>
    public AttentionPlan Into(AttentionPlan plan) => plan with
    {
        Owners = [.. _owners.Values],
        Steps =
        [
            Step(PlanStepKind.Plan, _blocks * _perBlock, 0),
            Step(PlanStepKind.Ask, _ask, _owners.Values.Sum(static o => o.QueryBytes + o.MaskBytes + o.AnswerBytes)),
            Step(PlanStepKind.Merge, Moving(_mergeBytes), _mergeBytes),
            Step(PlanStepKind.Finish, Moving(_finishBytes), _finishBytes),
        ],
    };

    private static PlanStep Step(PlanStepKind kind, TimeSpan time, long bytes) => new() { Kind = kind, PredictedTime = time, PredictedBytes = bytes };

    private TimeSpan Moving(long bytes) => TimeSpan.FromSeconds(bytes / rates.MemoryBytesPerSecond);
}
