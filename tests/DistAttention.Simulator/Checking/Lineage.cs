using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Histories;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Checking;

/// <summary>
/// One sequence through its states: what each holds, and that each follows from the one before by something that the protocol does. A fork
/// may start with any state that its source had while it was made; which one, its answers tell.
/// </summary>
internal sealed class Lineage
{
    private readonly List<(LedgerState State, long To)> _states = [];
    private readonly Dictionary<OperationId, PositionRange> _landed = [];
    private readonly Dictionary<OperationId, LedgerState> _landedIn = [];

    private Lineage(Guid uid) => Uid = uid;

    public Guid Uid { get; }

    /// <summary>The states, and until when each was the latest.</summary>
    public IReadOnlyList<(LedgerState State, long To)> States => _states;

    /// <summary>What each state holds, for each state that the sequence may have started with.</summary>
    public List<List<Content>> Candidates { get; } = [];

    public bool WasDeletedBy(long time) => DeletedFrom <= time;

    /// <summary>When its deletion began, if it ever did.</summary>
    public long DeletedFrom { get; private set; } = long.MaxValue;

    /// <summary>The sequences of a name, one after the other.</summary>
    public static IEnumerable<Lineage> Of(LedgerHistory ledger)
    {
        Lineage? open = null;
        for (int i = 0; i < ledger.States.Count; i++)
        {
            LedgerState state = ledger.States[i];
            if (state.Record is null || (open is not null && open.Uid != state.Record.Uid))
            {
                if (open is not null)
                {
                    open.DeletedFrom = state.From;
                    yield return open;
                }

                open = null;
            }

            if (state.Record is { } record)
            {
                open ??= new Lineage(record.Uid);
                open._states.Add((state, i + 1 < ledger.States.Count ? ledger.States[i + 1].Until : long.MaxValue));
            }
        }

        if (open is not null)
        {
            open.DeletedFrom = ledger.Unknown.Where(static u => u.Record is null).Select(static u => u.From).DefaultIfEmpty(long.MaxValue).Min();
            yield return open;
        }
    }

    public PositionRange? Landed(OperationId operation) => _landed.TryGetValue(operation, out PositionRange rows) ? rows : null;

    public LedgerState LandedIn(OperationId operation) => _landedIn[operation];

    /// <summary>Follows the states, starting with each of several contents.</summary>
    public void Follow(IEnumerable<Content> starts)
    {
        Candidates.AddRange(starts.Select(static s => new List<Content> { s }));
        LedgerRecord first = _states[0].State.Record!;
        foreach (List<Content> candidate in Candidates)
        {
            Require(candidate[0].Length == first.Length, $"it starts with {first.Length} positions, not {candidate[0].Length}");
        }

        for (int i = 1; i < _states.Count; i++)
        {
            Step(_states[i - 1].State.Record!, _states[i].State);
        }
    }

    /// <summary>The states that were the latest at some moment of a call.</summary>
    public IEnumerable<int> During(long from, long until)
    {
        for (int i = 0; i < _states.Count; i++)
        {
            if (_states[i].State.From <= until && _states[i].To >= from)
            {
                yield return i;
            }
        }
    }

    private void Step(LedgerRecord before, LedgerState state)
    {
        LedgerRecord after = state.Record!;
        Require(after.Fence >= before.Fence, $"its fence falls from {before.Fence:x} to {after.Fence:x}");
        if (after.Epoch == before.Epoch)
        {
            IReadOnlyList<(OperationId Id, PositionRange Rows)>? added = after.Operations.AddedSince(before.Operations.Total);
            Require(added is not null, "it forgets appends");
            long length = before.Length;
            foreach ((OperationId id, PositionRange rows) in added!)
            {
                Require(rows.Start == length, $"append {id} lands at {rows} behind {length} positions");
                Require(_landed.TryAdd(id, rows), $"append {id} lands at {rows} and before at {_landed[id]}");
                _landedIn[id] = state;
                length = rows.End;
            }

            Require(after.Length == length, $"its length goes from {before.Length} to {after.Length}, its appends to {length}");
            foreach (List<Content> candidate in Candidates)
            {
                Content content = candidate[^1];
                foreach ((OperationId id, PositionRange rows) in added)
                {
                    content = content.With(new Segment(id, 0, (int)rows.Length));
                }

                candidate.Add(content);
            }
        }
        else
        {
            Require(after.Epoch == before.Epoch + 1 && after.Length <= before.Length, $"it goes from {before.Snapshot} to {after.Snapshot}");
            Require(after.Operations.Total == before.Operations.Total, "a truncation changes its appends");
            foreach (List<Content> candidate in Candidates)
            {
                candidate.Add(candidate[^1].CutTo(after.Length));
            }
        }

        Require(LedgerSnapshot.ShardCount(after.Length, after.Spec.ShardLength) <= after.Shards.Length, $"{after.Length} positions are in {after.Shards.Length} shards");
    }

    private void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new ViolationException($"ledger of '{_states[0].State.Record!.Id}': {problem}");
        }
    }
}
