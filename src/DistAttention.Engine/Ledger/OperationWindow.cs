using System.Collections.Immutable;

namespace DistAttention.Engine.Ledger;

/// <summary>The latest completed appends. Older ones are forgotten one by one, so that a ledger stays small. Immutable.</summary>
public sealed class OperationWindow
{
    /// <summary>How many appends are remembered.</summary>
    public const int Capacity = 4096;

    private readonly ImmutableDictionary<OperationId, PositionRange> _byId;
    private readonly ImmutableSortedDictionary<long, OperationId> _byNumber;

    private OperationWindow(ImmutableDictionary<OperationId, PositionRange> byId, ImmutableSortedDictionary<long, OperationId> byNumber, long total)
    {
        _byId = byId;
        _byNumber = byNumber;
        Total = total;
    }

    /// <summary>No append.</summary>
    public static OperationWindow Empty { get; } = StartingAt(0);

    /// <summary>How many appends it holds.</summary>
    public int Count => _byId.Count;

    /// <summary>How many appends were ever added, forgotten ones included: append i of a window keeps its number i for good.</summary>
    public long Total { get; }

    /// <summary>The remembered appends, oldest first.</summary>
    public IEnumerable<(OperationId Id, PositionRange Rows)> Oldest => _byNumber.Values.Select(id => (id, _byId[id]));

    /// <summary>An empty window of a sequence that had so many appends before.</summary>
    /// <param name="total">See <see cref="Total"/>.</param>
    public static OperationWindow StartingAt(long total) =>
        new(ImmutableDictionary<OperationId, PositionRange>.Empty, ImmutableSortedDictionary<long, OperationId>.Empty, total);

    /// <summary>Where the rows of an append landed, if it is remembered.</summary>
    /// <param name="id">The append.</param>
    /// <param name="rows">Its positions.</param>
    public bool TryGet(OperationId id, out PositionRange rows) => _byId.TryGetValue(id, out rows);

    /// <summary>The appends that were added since there were <paramref name="total"/>; null if some of them are forgotten.</summary>
    /// <param name="total">An earlier <see cref="Total"/>.</param>
    public IReadOnlyList<(OperationId Id, PositionRange Rows)>? AddedSince(long total)
    {
        if (total > Total || Total - total > Count)
        {
            return null;
        }

        List<(OperationId, PositionRange)> added = [];
        for (long number = total; number < Total; number++)
        {
            OperationId id = _byNumber[number];
            added.Add((id, _byId[id]));
        }

        return added;
    }

    /// <summary>The window with one more append.</summary>
    /// <param name="id">The append.</param>
    /// <param name="rows">Its positions.</param>
    public OperationWindow Add(OperationId id, PositionRange rows)
    {
        ImmutableDictionary<OperationId, PositionRange> byId = _byId;
        ImmutableSortedDictionary<long, OperationId> byNumber = _byNumber;
        if (byId.Count >= Capacity)
        {
            long oldest = Total - Capacity;
            byId = byId.Remove(byNumber[oldest]);
            byNumber = byNumber.Remove(oldest);
        }

        return new OperationWindow(byId.Add(id, rows), byNumber.Add(Total, id), Total + 1);
    }
}
