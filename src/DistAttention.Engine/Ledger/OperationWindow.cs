using System.Collections.Immutable;

namespace DistAttention.Engine.Ledger;

/// <summary>The latest completed appends. Older ones are forgotten one by one, so that a ledger stays small. Immutable.</summary>
public sealed class OperationWindow
{
    /// <summary>How many appends are remembered.</summary>
    public const int Capacity = 4096;

    private readonly ImmutableDictionary<OperationId, PositionRange> _byId;
    private readonly ImmutableQueue<OperationId> _oldestFirst;

    private OperationWindow(ImmutableDictionary<OperationId, PositionRange> byId, ImmutableQueue<OperationId> oldestFirst)
    {
        _byId = byId;
        _oldestFirst = oldestFirst;
    }

    /// <summary>No append.</summary>
    public static OperationWindow Empty { get; } = new(ImmutableDictionary<OperationId, PositionRange>.Empty, []);

    /// <summary>How many appends it holds.</summary>
    public int Count => _byId.Count;

    /// <summary>The remembered appends, oldest first.</summary>
    public IEnumerable<(OperationId Id, PositionRange Rows)> Oldest => _oldestFirst.Select(id => (id, _byId[id]));

    /// <summary>Where the rows of an append landed, if it is remembered.</summary>
    /// <param name="id">The append.</param>
    /// <param name="rows">Its positions.</param>
    public bool TryGet(OperationId id, out PositionRange rows) => _byId.TryGetValue(id, out rows);

    /// <summary>The window with one more append.</summary>
    /// <param name="id">The append.</param>
    /// <param name="rows">Its positions.</param>
    public OperationWindow Add(OperationId id, PositionRange rows)
    {
        ImmutableDictionary<OperationId, PositionRange> byId = _byId;
        ImmutableQueue<OperationId> queue = _oldestFirst;
        if (byId.Count >= Capacity)
        {
            queue = queue.Dequeue(out OperationId oldest);
            byId = byId.Remove(oldest);
        }

        return new OperationWindow(byId.Add(id, rows), queue.Enqueue(id));
    }
}
