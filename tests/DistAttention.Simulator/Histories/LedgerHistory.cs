using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Histories;

/// <summary>
/// What a name's ledger was, one state after the other: the truth that answers are held against. A write whose outcome nobody was told
/// counts once a later one has built on it.
/// </summary>
internal sealed class LedgerHistory(World world, SequenceId id)
{
    private readonly List<LedgerState> _states = [];
    private readonly List<LedgerState> _unknown = [];

    public SequenceId Id => id;

    public IReadOnlyList<LedgerState> States => _states;

    /// <summary>Writes whose outcome nobody was told and that nothing was built on: they may have happened.</summary>
    public IReadOnlyList<LedgerState> Unknown => _unknown;

    private LedgerState? Last => _states.Count > 0 ? _states[^1] : null;

    /// <summary>A write begins; until somebody is told, its outcome is unknown.</summary>
    public void Begin(LedgerState attempt) => _unknown.Add(attempt);

    /// <summary>A write was refused.</summary>
    public void Refuse(LedgerState attempt) => _unknown.Remove(attempt);

    /// <summary>A write was acknowledged.</summary>
    public void Add(LedgerState attempt, long version)
    {
        _unknown.Remove(attempt);
        LedgerState state = attempt with { Version = version };
        if (!Follows(Last, state) && !TryResolve(state))
        {
            world.Fail($"two owners of ledger '{id}': version {state.Expected} was replaced, the latest is {Last?.Version.ToString() ?? "none"}");
        }

        state.Until = world.Now;
        _states.Add(state);

        // What was to replace an earlier version never will.
        _unknown.RemoveAll(u => u.Expected > 0 && u.Expected < state.Version);
    }

    private static bool Follows(LedgerState? last, LedgerState next) => next.Expected == 0
        ? last?.Record is null
        : last?.Record is not null && last.Version == next.Expected;

    /// <summary>Looks for writes of unknown outcome that lead from the latest state to one that was built upon.</summary>
    private bool TryResolve(LedgerState state)
    {
        List<LedgerState> path = [];
        if (!TryReach(Last, state, path))
        {
            return false;
        }

        foreach (LedgerState step in path)
        {
            _unknown.Remove(step);
            step.Until = world.Now;
            _states.Add(step);
        }

        return true;
    }

    private bool TryReach(LedgerState? from, LedgerState to, List<LedgerState> path)
    {
        for (int i = _unknown.Count - 1; i >= 0; i--)
        {
            LedgerState step = _unknown[i];
            if (path.Contains(step) || !Follows(from, step))
            {
                continue;
            }

            LedgerState known = step.Version > 0 ? step : step with { Version = (from?.Version ?? 0) + 1 };
            _unknown[i] = known;
            path.Add(known);
            if ((Follows(known, to) && (to.Expected == 0 || known.Precedes(to.Record) || to.Record is null)) || TryReach(known, to, path))
            {
                return true;
            }

            path.RemoveAt(path.Count - 1);
        }

        return false;
    }
}
