using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Histories;

/// <summary>Everything that happened to sequences: every state of every ledger, and every call with its answer.</summary>
internal sealed class History(World world)
{
    private readonly SortedDictionary<string, LedgerHistory> _ledgers = new(StringComparer.Ordinal);

    public IEnumerable<LedgerHistory> Ledgers => _ledgers.Values;

    public List<AppendCall> Appends { get; } = [];

    public List<AttendCall> Attends { get; } = [];

    public List<TruncateCall> Truncates { get; } = [];

    public List<ForkCall> Forks { get; } = [];

    public List<MissingAnswer> Missing { get; } = [];

    public LedgerHistory Of(SequenceId id)
    {
        if (!_ledgers.TryGetValue(id.Value, out LedgerHistory? ledger))
        {
            _ledgers.Add(id.Value, ledger = new LedgerHistory(world, id));
        }

        return ledger;
    }

    /// <summary>Takes note of every write that a store is asked for.</summary>
    public ILedgerStore Watch(ILedgerStore store) => new WatchedLedgerStore(store, this, world);
}
