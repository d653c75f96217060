using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DistAttention.Calls;
using DistAttention.Engine.Admission;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Engine;

/// <summary>The attention client of one process: the whole engine, no cluster, the same bits.</summary>
public sealed class EmbeddedAttention : IAttentionClient
{
    private readonly ConcurrentDictionary<SequenceId, EmbeddedSequence> _open = new();
    private readonly SemaphoreSlim _naming = new(1, 1);
    private readonly LocalPlacement _placement = new();
    private readonly EmbeddedOptions _options;
    private readonly EmbeddedSweep _sweep;
    private bool _disposed;

    /// <summary>Starts the compute threads.</summary>
    /// <param name="options">How to work; null for the defaults.</param>
    /// <exception cref="InvalidSpecException">An option is impossible.</exception>
    public EmbeddedAttention(EmbeddedOptions? options = null)
    {
        _options = options ?? new EmbeddedOptions();
        _options.Validate();
        _sweep = new EmbeddedSweep(this, _options);
        Budget = new ByteBudget(_options.MemoryBudgetBytes);
        Pool = new ComputePool(_options.ComputeThreads, _options.MaxQueuedJobs);
        Gate = new CallGate(_options.AdmissionLimits, _options.ComputeThreads, () => Pool.BusyTime);
        Registry = new ShardRegistry(Budget, _options.ShardStore, Pool);
        Gateway = new LocalGateway(new ShardService(Registry, Pool, quotas: new ResidentQuotas(Registry, _options.MemoryBytesPerCaller), meter: Meter));
        Executor = new QueryExecutor(Gateway, Pool, _options.TimeProvider, Meter);
        Appender = new Appender(Gateway, _options.ComputeThreads, _options.TimeProvider, Meter);
        Meter.Watch(Pool, Registry, Gate);
    }

    /// <summary>Bytes of native memory that K/V takes now.</summary>
    public long ResidentBytes => Budget.UsedBytes;

    /// <summary>What this engine counts.</summary>
    public AttentionMeter Meter { get; } = new();

    internal EmbeddedOptions Options => _options;

    internal CancellationSources Cancellations { get; } = new();

    internal ByteBudget Budget { get; }

    internal ComputePool Pool { get; }

    internal CallGate Gate { get; }

    internal ShardRegistry Registry { get; }

    internal IShardGateway Gateway { get; }

    internal QueryExecutor Executor { get; }

    internal Appender Appender { get; }

    /// <summary>
    /// The same engine on behalf of somebody: a client of this process, a tenant. Callers share its threads, its queue and its memory fairly and
    /// see the same sequences. Disposing of it does nothing.
    /// </summary>
    /// <param name="caller">Who; at least one character.</param>
    public IAttentionClient For(string caller)
    {
        ArgumentException.ThrowIfNullOrEmpty(caller);
        return new EmbeddedCaller(this, new CallerId(caller));
    }

    /// <inheritdoc/>
    public async Task<IAttentionSequence> CreateSequenceAsync(SequenceId id, SequenceSpec spec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        RequireName(id);
        spec.Validate();
        return await AddAsync(new LedgerRecord { Id = id, Uid = Guid.CreateVersion7(), Spec = spec }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IAttentionSequence> OpenSequenceAsync(SequenceId id, CancellationToken cancellationToken = default)
    {
        RequireName(id);
        ThrowIfDisposed();
        if (TryGetOpen(id) is { } open)
        {
            return open;
        }

        await _naming.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (TryGetOpen(id) is { } since)
            {
                return since;
            }

            VersionedLedger? stored = await _options.LedgerStore.ReadAsync(id, cancellationToken).ConfigureAwait(false);
            if (stored is null || stored.Record.IsExpired(_options.TimeProvider))
            {
                throw new SequenceNotFoundException(id);
            }

            stored.Record.Spec.Validate();
            SequenceLedger ledger = await SequenceLedger.OpenAsync(stored, _options.LedgerStore, _placement, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            _sweep.Watch(stored.Record.Spec);
            return _open[id] = new EmbeddedSequence(this, ledger, CallerId.Anyone);
        }
        finally
        {
            _naming.Release();
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<SequenceInfo> ListSequencesAsync(string? prefix = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        await foreach (LedgerRecord record in _options.LedgerStore.ListAsync(prefix ?? "", cancellationToken).ConfigureAwait(false))
        {
            if (!record.IsExpired(_options.TimeProvider))
            {
                yield return InfoOf(record);
            }
        }
    }

    /// <inheritdoc/>
    public async Task DeleteSequenceAsync(SequenceId id, CancellationToken cancellationToken = default)
    {
        EmbeddedSequence sequence = (EmbeddedSequence)await OpenSequenceAsync(id, cancellationToken).ConfigureAwait(false);
        await _naming.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Guid uid = sequence.Ledger.Record.Uid;
            IEnumerable<ShardEntry> held = await sequence.Ledger.DeleteAsync(cancellationToken).ConfigureAwait(false);
            _open.TryRemove(id, out _);
            await Registry.ReleaseAsync(held.Select(static s => s.Id), uid, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _naming.Release();
        }
    }

    /// <summary>Ends the compute threads; calls still running fail. Memory goes with the last of its readers.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await _sweep.DisposeAsync().ConfigureAwait(false);
            Pool.Dispose();
            Registry.Dispose();
            Meter.Dispose();
            _open.Clear();
        }
    }

    internal async Task<EmbeddedSequence> AddAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        await _naming.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ExpireInTurnAsync(record.Id, cancellationToken).ConfigureAwait(false);
            SequenceLedger ledger = await SequenceLedger.CreateAsync(record, _options.LedgerStore, _placement, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            _sweep.Watch(record.Spec);
            return _open[record.Id] = new EmbeddedSequence(this, ledger, CallerId.Anyone);
        }
        finally
        {
            _naming.Release();
        }
    }

    /// <summary>Deletes a sequence if it is past its time to live, whoever has it open: the store refuses who was too late.</summary>
    internal async Task ExpireAsync(SequenceId id, CancellationToken cancellationToken)
    {
        await _naming.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ExpireInTurnAsync(id, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _naming.Release();
        }
    }

    internal SequenceInfo InfoOf(LedgerRecord record) => new()
    {
        Id = record.Id,
        Spec = record.Spec,
        Snapshot = record.Snapshot,
        ShardCount = LedgerSnapshot.ShardCount(record.Length, record.Spec.ShardLength),
        ExpiresAt = record.ExpiresAt,
        ResidentBytes = record.Shards.Sum(s => Registry.ResidentBytes(s.Id)),
    };

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    private EmbeddedSequence? TryGetOpen(SequenceId id) =>
        _open.TryGetValue(id, out EmbeddedSequence? open) && !open.Ledger.IsReplaced && !open.Ledger.Record.IsExpired(_options.TimeProvider) ? open : null;

    private async Task ExpireInTurnAsync(SequenceId id, CancellationToken cancellationToken)
    {
        if (await _options.LedgerStore.ReadAsync(id, cancellationToken).ConfigureAwait(false) is not { } stored
            || !stored.Record.IsExpired(_options.TimeProvider)
            || !await _options.LedgerStore.DeleteAsync(id, stored.Version, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (_open.TryGetValue(id, out EmbeddedSequence? open) && open.Ledger.Record.Uid == stored.Record.Uid)
        {
            _open.TryRemove(new(id, open));
        }

        await Registry.ReleaseAsync(stored.Record.Shards.Select(static s => s.Id), stored.Record.Uid, CancellationToken.None).ConfigureAwait(false);
    }

    private static void RequireName(SequenceId id)
    {
        if (id == default)
        {
            throw new InvalidSpecException(nameof(SequenceId), "a sequence needs a name");
        }
    }
}
