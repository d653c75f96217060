using System.Collections.Concurrent;
using DistAttention.Contracts;
using DistAttention.Engine.Rebalancing;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>One run of moving shards, and how it stands. Safe to look at from anywhere.</summary>
internal sealed class MoveRun
{
    /// <summary>Moves that are told of; more are only counted.</summary>
    private const int MostTold = 10_000;

    private readonly ConcurrentQueue<ShardEntry> _given = new();
    private volatile Planned? _planned;
    private int _done;
    private int _left;
    private long _doneBytes;
    private volatile bool _isOver;

    public Guid Id { get; } = Guid.NewGuid();

    public string? Problem { get; private set; }

    /// <summary>What was moved, and who had it before.</summary>
    public IEnumerable<ShardEntry> Given => _given;

    public int Done => Volatile.Read(ref _done);

    /// <summary>Says what is to be done.</summary>
    public void Begin(OwnershipCensus census, RebalancePlan plan) => _planned = new Planned(census, plan);

    public void Moved(OwnedShard shard)
    {
        _given.Enqueue(shard.Shard);
        Interlocked.Increment(ref _done);
        Interlocked.Add(ref _doneBytes, shard.IsIdle ? 0 : shard.Bytes);
    }

    public void Left(int shards) => Interlocked.Add(ref _left, shards);

    public void End(string? problem)
    {
        Problem = problem;
        _isOver = true;
    }

    public RebalanceView View()
    {
        bool isOver = _isOver; // first: counts that are read later are then final
        Planned? planned = _planned;
        IReadOnlyList<ShardMove> moves = planned?.Plan.Moves ?? [];
        return new RebalanceView
        {
            Run = Id,
            IsOver = isOver,
            Moves = [.. moves.Take(MostTold).Select(move => ViewOf(planned!.Census, move))],
            Planned = moves.Count,
            Done = Done,
            Left = Volatile.Read(ref _left),
            PlannedBytes = planned?.Plan.MovedBytes ?? 0,
            DoneBytes = Interlocked.Read(ref _doneBytes),
            Before = Named(planned, static plan => plan.BytesBefore),
            After = Named(planned, static plan => plan.BytesAfter),
            Problem = Problem,
        };
    }

    private static MoveView ViewOf(OwnershipCensus census, ShardMove move) => new(
        census.Ledgers[move.Shard.Shard].Ledgers[0].Id.Value,
        move.Shard.Shard.Id.Index,
        census.NameOf(move.From),
        census.NameOf(move.To),
        move.Shard.Bytes,
        move.Shard.IsIdle);

    private static Dictionary<string, long> Named(Planned? planned, Func<RebalancePlan, IReadOnlyDictionary<OwnerId, long>> bytes)
    {
        Dictionary<string, long> named = [];
        foreach ((OwnerId silo, long of) in planned is null ? new Dictionary<OwnerId, long>() : bytes(planned.Plan))
        {
            string name = planned!.Census.NameOf(silo);
            named[named.ContainsKey(name) ? $"{name} ({silo})" : name] = of; // nothing keeps two silos from having one name
        }

        return named;
    }

    private sealed record Planned(OwnershipCensus Census, RebalancePlan Plan);
}
