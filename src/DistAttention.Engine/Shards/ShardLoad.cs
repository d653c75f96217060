using DistAttention.Engine.Memory;

namespace DistAttention.Engine.Shards;

/// <summary>
/// A shard that is being read back: takes the rows that a store has of it straight into its blocks. What is not committed is not taken: it
/// may be of a reservation that was given up.
/// </summary>
public sealed class ShardLoad
{
    private readonly Lock _lock = new();
    private readonly ShardRegistry _registry;
    private readonly SemaphoreSlim? _turns;
    private readonly List<PositionRange> _found = [];
    private readonly bool _isNew;
    private PositionRange _missing;
    private PositionRange _unfilled; // blocks
    private Shard? _shard;

    /// <summary>Begins.</summary>
    /// <param name="registry">Whose shard it is.</param>
    /// <param name="id">The shard.</param>
    /// <param name="shard">What is here of it; null if nothing is.</param>
    /// <param name="committedRows">Rows of it that are committed.</param>
    /// <param name="readers">How many may read at once.</param>
    /// <param name="turns">Shared by all who read, however many shards they read; null where they never wait.</param>
    internal ShardLoad(ShardRegistry registry, ShardId id, Shard? shard, int committedRows, int readers, SemaphoreSlim? turns)
    {
        _registry = registry;
        _turns = turns;
        _shard = shard;
        _isNew = shard is null;
        _missing = shard?.BeginCatchUp(committedRows) ?? new PositionRange(0, committedRows);
        Id = id;
        CommittedRows = committedRows;
        Readers = readers;
    }

    /// <summary>The shard.</summary>
    public ShardId Id { get; }

    /// <summary>The first row that is missing: what ends before it is not wanted.</summary>
    public int FirstRow => (int)_missing.Start;

    /// <summary>Rows known to be committed.</summary>
    public int CommittedRows { get; }

    /// <summary>How many readers may go through the store's records side by side.</summary>
    public int Readers { get; }

    /// <summary>Takes rows, in an order in which later ones count where they overlap.</summary>
    /// <param name="write">The rows.</param>
    /// <exception cref="CapacityExceededException">The budget cannot pay for them.</exception>
    public void Add(in ShardWrite write)
    {
        Shard shard = Open(write.Spec);
        _registry.MakeRoom(shard.BytesNeeded(write));
        shard.CatchUp(write, _missing);
        _found.Add(new PositionRange(write.FirstIdx, write.FirstIdx + write.Count));
    }

    /// <summary>Makes room for the rows that are about to come as <see cref="StoredRows"/>.</summary>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="end">Where the last of them ends.</param>
    /// <param name="filled">Whether every missing row before it is among them. If one does not come after all, <see cref="Restart"/> must follow.</param>
    /// <exception cref="CapacityExceededException">The budget cannot pay for them.</exception>
    public void Reserve(SequenceSpec spec, int end, bool filled)
    {
        Shard shard = Open(spec);
        long last = Math.Min(end, _missing.End);
        long bytes = shard.BytesNeeded(last);
        using (_registry.Budget.Memory.Expect(bytes))
        {
            _registry.MakeRoom(bytes);
            _unfilled = shard.ReserveMissing(_missing, last, filled);
        }
    }

    /// <summary>
    /// Takes rows that there is room for. Several threads may call at once as long as no two give the same row; otherwise later ones count.
    /// </summary>
    /// <param name="rows">The rows.</param>
    public void Add(in StoredRows rows)
    {
        _shard!.CatchUp(rows, _missing);
        lock (_lock)
        {
            _found.Add(rows.Range);
        }
    }

    /// <summary>Forgets what has come so far. Nobody adds meanwhile.</summary>
    public void Restart()
    {
        _found.Clear();
        ClearUnfilled();
    }

    /// <summary>Waits until this reader may go on.</summary>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public Task EnterAsync(CancellationToken cancellationToken) => _turns?.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Lets the next reader go on.</summary>
    public void Leave() => _turns?.Release();

    /// <summary>Makes readable what has come.</summary>
    /// <returns>The shard; null if nothing of it is kept.</returns>
    internal Shard? End()
    {
        long end = _missing.Start;
        foreach (PositionRange rows in _found.OrderBy(static r => r.Start))
        {
            end = rows.Start <= end ? Math.Max(end, rows.End) : end;
        }

        _shard?.EndCatchUp(_missing, Math.Min(end, CommittedRows));
        return _shard;
    }

    /// <summary>Gives up.</summary>
    internal void Abandon()
    {
        ClearUnfilled();
        _shard?.EndCatchUp(_missing, _missing.Start);
        if (_isNew)
        {
            _shard?.Release();
        }
    }

    private Shard Open(SequenceSpec spec)
    {
        if (_shard is null)
        {
            _shard = new Shard(Id, spec, _registry.Budget, canReadBack: true);
            _shard.BeginCatchUp(CommittedRows);
        }

        return _shard;
    }

    private void ClearUnfilled()
    {
        _shard?.Clear(_unfilled);
        _unfilled = default;
    }
}
