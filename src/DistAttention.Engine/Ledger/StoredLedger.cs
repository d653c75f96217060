namespace DistAttention.Engine.Ledger;

/// <summary>
/// A ledger's state and its version in the store: every change is a compare-and-swap against that version, so that of two who believe to own the
/// ledger one is told that it does not. Used by one call at a time, its readers aside.
/// </summary>
internal sealed class StoredLedger
{
    private readonly ILedgerStore _store;
    private LedgerRecord _record;
    private long _version;
    private bool _deleted;
    private bool _replaced;

    private StoredLedger(LedgerRecord record, long version, ILedgerStore store)
    {
        _record = record;
        _version = version;
        _store = store;
    }

    /// <summary>Takes a stored ledger over.</summary>
    /// <exception cref="LedgerFencedException">Another owner was first.</exception>
    public static async ValueTask<StoredLedger> OpenAsync(VersionedLedger current, ILedgerStore store, CancellationToken cancellationToken)
    {
        LedgerRecord record = OfNextOwner(current.Record);
        long? version = await store.CompareAndSwapAsync(record, current.Version, cancellationToken).ConfigureAwait(false);
        return new StoredLedger(record, version ?? throw new LedgerFencedException(record.Id), store);
    }

    /// <summary>Stores a new ledger and takes it over.</summary>
    /// <exception cref="SequenceExistsException">The name is taken.</exception>
    public static async ValueTask<StoredLedger> CreateAsync(LedgerRecord record, ILedgerStore store, CancellationToken cancellationToken)
    {
        record = OfNextOwner(record);
        long? version = await store.CompareAndSwapAsync(record, 0, cancellationToken).ConfigureAwait(false);
        return new StoredLedger(record, version ?? throw new SequenceExistsException(record.Id), store);
    }

    /// <summary>The state; its fence may be above the stored one.</summary>
    public LedgerRecord Record => Volatile.Read(ref _record);

    /// <summary>The version of <see cref="Record"/>.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Whether another owner is known to have taken over.</summary>
    public bool IsReplaced => Volatile.Read(ref _replaced);

    /// <summary>Whether the sequence is known to be deleted.</summary>
    public bool IsDeleted => Volatile.Read(ref _deleted);

    /// <summary>Whether the last write happened is not known.</summary>
    public bool IsUnsure { get; private set; }

    /// <summary>Makes writes under the fence so far stale. It is stored with the next change.</summary>
    public void RaiseFence() => _record = _record with { Fence = _record.Fence + 1 };

    /// <summary>Stores a new state. Never cancelled: a write that may or may not have happened would leave the owner behind its own store.</summary>
    /// <exception cref="LedgerFencedException">Another owner has taken over.</exception>
    public async ValueTask StoreAsync(LedgerRecord record)
    {
        try
        {
            Use(record, await _store.CompareAndSwapAsync(record, _version, CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception e) when (e is not LedgerFencedException)
        {
            IsUnsure = true;
            throw;
        }
    }

    /// <summary>Deletes the ledger.</summary>
    /// <exception cref="LedgerFencedException">Another owner has taken over.</exception>
    public async ValueTask DeleteAsync(CancellationToken cancellationToken)
    {
        bool deleted;
        try
        {
            deleted = await _store.DeleteAsync(_record.Id, _version, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            IsUnsure = true;
            throw;
        }

        Volatile.Write(ref _deleted, deleted ? true : throw Replaced());
    }

    /// <summary>Takes the ledger out of a store that only this owner has, because another one has stored it in its own.</summary>
    public async ValueTask LeaveAsync()
    {
        await _store.DeleteAsync(_record.Id, _version, CancellationToken.None).ConfigureAwait(false);
        Volatile.Write(ref _replaced, true);
    }

    /// <summary>
    /// After a write of unknown outcome: goes on from what the store holds, under a fence above all that was given out. Rows of a write that did
    /// happen must not be overwritten by an append that was told it did not.
    /// </summary>
    /// <exception cref="LedgerFencedException">Another owner has taken over.</exception>
    public async ValueTask TakeOverAnewAsync(CancellationToken cancellationToken)
    {
        VersionedLedger? stored = await _store.ReadAsync(_record.Id, cancellationToken).ConfigureAwait(false);
        if (stored?.Record.Uid != _record.Uid)
        {
            Volatile.Write(ref _deleted, true);
            return;
        }

        LedgerRecord record = OfNextOwner(stored!.Record);
        Use(record, await _store.CompareAndSwapAsync(record, stored.Version, CancellationToken.None).ConfigureAwait(false));
        IsUnsure = false;
    }

    /// <summary>Whether the store still has a version.</summary>
    public ValueTask<bool> IsCurrentAsync(long version, CancellationToken cancellationToken) => _store.IsCurrentAsync(Record.Id, version, cancellationToken);

    /// <summary>Refuses to go on for an owner that was replaced. Not while a write of its own is on its way.</summary>
    /// <exception cref="LedgerFencedException">Another owner has taken over.</exception>
    public async ValueTask RequireCurrentAsync(CancellationToken cancellationToken)
    {
        if (!await IsCurrentAsync(_version, cancellationToken).ConfigureAwait(false))
        {
            throw Replaced();
        }
    }

    /// <summary>The upper half of a fence counts owners, the lower half what one owner threw away without storing it.</summary>
    private static LedgerRecord OfNextOwner(LedgerRecord record) => record with { Fence = ((record.Fence >> 32) + 1) << 32 };

    private void Use(LedgerRecord record, long? version)
    {
        Volatile.Write(ref _record, version is null ? throw Replaced() : record);
        Volatile.Write(ref _version, version.Value);
    }

    private LedgerFencedException Replaced()
    {
        Volatile.Write(ref _replaced, true);
        return new LedgerFencedException(_record.Id);
    }
}
