using System.Collections.Immutable;
using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>A shell over the engine's ledger of one sequence. Reentrant: the ledger takes its own turns.</summary>
[Reentrant]
[GrainType(TypeName)]
[HolderPlacement]
internal sealed partial class SequenceGrain : Grain, ISequenceGrain, IVacant
{
    public const string TypeName = "sequence";

    /// <summary>How often silos that came or went are looked for, to tell others which shards to keep warm.</summary>
    private static readonly TimeSpan _replicaPeriod = TimeSpan.FromSeconds(1);

    private readonly ILedgerStore _store;
    private readonly ClusterSilos _silos;
    private readonly ClusterLinks _links;
    private readonly LocalSequences _local;
    private readonly Parcels _parcels;
    private readonly CallTenant _tenant;
    private readonly WriteGrants _grants;
    private readonly TimeProvider _time;
    private readonly GroupPlacement _placement;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly OnceById<SequenceHandle> _forks = new();
    private readonly SequenceWitnesses _witnesses;
    private readonly ReplicaNotes _replicas;
    private SequenceLedger? _ledger;

    public SequenceGrain(ILedgerStore store, ClusterSilos silos, ClusterLinks links, LocalSequences local, Parcels parcels, CallTenant tenant, WriteGrants grants, TimeProvider time)
    {
        _store = store;
        _silos = silos;
        _links = links;
        _local = local;
        _parcels = parcels;
        _tenant = tenant;
        _grants = grants;
        _time = time;
        _placement = new GroupPlacement(silos);
        _witnesses = new SequenceWitnesses(links);
        _replicas = new ReplicaNotes(silos, time);
    }

    public bool IsVacant => _ledger is null && _opening.CurrentCount > 0;

    private SequenceId Id { get; set; }

    private ISequenceCatalogGrain Catalog => _links.Grains.GetGrain<ISequenceCatalogGrain>(0);

    // What is stored is only opened when a call needs it: being activated takes no right to anything.
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Id = new SequenceId(this.GetPrimaryKeyString());
        if (!_links.IsDurable)
        {
            DelayDeactivation(Timeout.InfiniteTimeSpan); // its state is nowhere else
        }

        if (_silos.KeepsReplicas)
        {
            this.RegisterGrainTimer(RefreshReplicasAsync, new GrainTimerCreationOptions(_replicaPeriod, _replicaPeriod) { Interleave = true });
        }

        return base.OnActivateAsync(cancellationToken);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_links.IsDurable && Interlocked.Exchange(ref _ledger, null) is { } ledger)
        {
            _local.Remove(Id.Value, ledger.Record.Uid);
        }

        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    public Task<SequenceHandle> CreateAsync(Guid uid, Packed<SequenceSpec> spec, CancellationToken cancellationToken) =>
        AddAsync(new LedgerRecord { Id = Id, Uid = uid, Spec = spec.Value }, cancellationToken);

    public Task<SequenceHandle> AdoptAsync(LedgerSeed seed, CancellationToken cancellationToken) => AddAsync(
        new LedgerRecord
        {
            Id = Id,
            Uid = seed.Uid,
            Spec = seed.Spec.Value,
            Length = seed.Length,
            Shards = [.. EngineWire.ToEntries(seed.Shards)],
            Fence = seed.Fence,
        },
        cancellationToken);

    public async Task<SequenceHandle> OpenAsync(CancellationToken cancellationToken) =>
        EngineWire.ToHandle((await LedgerAsync(null)).Record);

    public async Task DeleteAsync(Guid? uid, CancellationToken cancellationToken)
    {
        SequenceLedger ledger;
        try
        {
            ledger = await LedgerAsync(uid);
        }
        catch (ShardLostException)
        {
            // Its ledger went with a silo; the name at least is free again.
            Guid lost = await Catalog.FindAsync(Id.Value) ?? Guid.Empty;
            await Catalog.RemoveAsync(Id.Value, lost);
            await _witnesses.ForgetAsync(new NamedSequence(Id.Value, lost));
            return;
        }

        await ForgetAsync(ledger, await ledger.DeleteAsync(cancellationToken));
    }

    public async Task<bool> ExpireAsync(CancellationToken cancellationToken) =>
        await TakeOverAsync(cancellationToken) is { } ledger && await ExpireAsync(ledger, cancellationToken);

    public Task<SequenceHandle> ForkAsync(Guid uid, Guid forkUid, string name, long? length, CancellationToken cancellationToken)
    {
        _tenant.RequireOwn(name);
        return _forks.RunAsync(forkUid, () => ForkAsync(uid, forkUid, name, length), cancellationToken);
    }

    public async Task<SequenceSnapshot> TruncateAsync(Guid uid, OperationId operation, long length, CancellationToken cancellationToken)
    {
        (SequenceSnapshot snapshot, ImmutableArray<ShardEntry> dropped) =
            await OnLedgerAsync(uid, async ledger => await ledger.TruncateAsync(operation, length, Shards(ledger).SeedAsync, cancellationToken));
        await ReleaseAsync(dropped, uid);
        return snapshot;
    }

    public Task<LedgerView> GetSnapshotAsync(Guid uid, CancellationToken cancellationToken) => OnLedgerAsync(uid, async ledger =>
    {
        LedgerSnapshot snapshot = await ledger.GetSnapshotAsync(cancellationToken);
        return new LedgerView(EngineWire.ToHandle(ledger.Record), snapshot.State, EngineWire.ToMap(snapshot.Shards.Span)) { Fence = snapshot.Fence };
    });

    public async Task<ReservationView> ReserveAsync(Guid uid, OperationId operation, long count, long? expectedPosition, CancellationToken cancellationToken)
    {
        SequenceLedger ledger = await LedgerAsync(uid);
        if (NeedsOwners(ledger, count))
        {
            await _silos.RefreshAsync();
        }

        return await OnLedgerAsync(uid, async current => _grants.WithGrants(
            EngineWire.ToView(await current.ReserveAsync(operation, count, expectedPosition, cancellationToken)), EngineWire.ToHandle(current.Record).Spec));
    }

    public async Task<AppendResult> CommitAsync(Guid uid, OperationId operation, PositionRange rows, long fence, CancellationToken cancellationToken)
    {
        try
        {
            return await OnLedgerAsync(uid, async ledger =>
            {
                AppendResult committed = await ledger.CommitAsync(new Reservation(operation, rows, fence, [], null), cancellationToken);
                _replicas.Tell(ledger.Record, rows);
                return committed;
            });
        }
        catch (ReservationLostException)
        {
            throw new ReservationGoneException(operation);
        }
    }

    public Task<bool> AbortAsync(Guid uid, OperationId operation) => OnLedgerAsync(uid, async ledger => await ledger.AbortAsync(operation));

    public async Task<SequenceReport> GetInfoAsync(Guid? uid, CancellationToken cancellationToken)
    {
        SequenceLedger ledger = await LedgerAsync(uid);
        ledger.Snapshot();
        LedgerRecord record = ledger.Record;
        return new SequenceReport(
            EngineWire.ToHandle(record),
            record.Snapshot,
            LedgerSnapshot.ShardCount(record.Length, record.Spec.ShardLength),
            await Shards(ledger).ResidentBytesAsync(record.Shards)) { ExpiresAt = record.ExpiresAt };
    }

    public async Task<PlanReply> ExplainAsync(Guid uid, long rows, AttendTerms how, CancellationToken cancellationToken)
    {
        LedgerSnapshot snapshot = (await LedgerAsync(uid)).Snapshot();
        if (how.Length is { } length)
        {
            snapshot = length <= snapshot.State.Length
                ? snapshot.CutTo(length)
                : throw new InvalidSpecException(nameof(AttendOptions.Length), $"{length} is more than the {snapshot.State.Length} committed positions");
        }

        AttendOptions options = how.ToOptions();
        Packed<AttentionPlan> plan = await Task.Run(() => Packed.Of(Planner.Plan(snapshot, rows, options)), cancellationToken);
        return _parcels.Fit("The plan", plan.Bytes.Length, new PlanReply(plan), static parcel => new PlanReply(null, parcel));
    }

    public Task<ParcelPart> FetchAsync(Guid id, int part) => Task.FromResult(_parcels.Fetch(id, part));

    public Task<ShardMap> ReassignAsync(Guid uid, ShardRef[] shards, string unreachable, CancellationToken cancellationToken) => OnLedgerAsync(
        uid,
        async ledger => EngineWire.ToMap([.. await ledger.ReassignAsync([.. shards.Select(EngineWire.ToId)], new OwnerId(unreachable), cancellationToken)]));

    private Task RefreshReplicasAsync(CancellationToken cancellationToken)
    {
        if (_ledger is { } ledger)
        {
            _replicas.Refresh(ledger.Record);
        }

        return Task.CompletedTask;
    }

    private SequenceShards Shards(SequenceLedger ledger) => new(_links, EngineWire.ToHandle(ledger.Record), _time);

    private async Task ReleaseAsync(IReadOnlyCollection<ShardEntry> shards, Guid holder)
    {
        await SequenceShards.ReleaseAsync(_links, shards, holder);
        _replicas.Forget(shards);
    }

    private static bool NeedsOwners(SequenceLedger ledger, long count)
    {
        LedgerRecord record = ledger.Record;
        return record.Length + count > (long)record.Shards.Length * record.Spec.ShardLength;
    }

    private async Task<SequenceHandle> AddAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        ThrowIfMoved();
        if (await TakeOverAsync(cancellationToken) is { } before)
        {
            await ExpireAsync(before, cancellationToken);
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_ledger?.Record.Uid == record.Uid)
            {
                return EngineWire.ToHandle(_ledger.Record);
            }

            if (_ledger is not null || !await Catalog.TryAddAsync(record.Id.Value, record.Uid))
            {
                throw new SequenceExistsException(record.Id);
            }

            try
            {
                Use(await SequenceLedger.CreateAsync(record, _store, _placement, _time, cancellationToken));
                await _witnesses.RememberAsync(new NamedSequence(Id.Value, record.Uid));
            }
            catch
            {
                await Catalog.RemoveAsync(record.Id.Value, record.Uid);
                throw;
            }

            return EngineWire.ToHandle(record);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<bool> ExpireAsync(SequenceLedger ledger, CancellationToken cancellationToken)
    {
        if (!ledger.Record.IsExpired(_time) || await ledger.ExpireAsync(cancellationToken) is not { } held)
        {
            return false;
        }

        await ForgetAsync(ledger, held);
        return true;
    }

    /// <summary>Lets everybody know that a sequence is deleted.</summary>
    private async Task ForgetAsync(SequenceLedger ledger, ImmutableArray<ShardEntry> held)
    {
        Guid deleted = ledger.Record.Uid;
        Interlocked.CompareExchange(ref _ledger, null, ledger);
        _local.Remove(Id.Value, deleted);
        await ReleaseAsync(held, deleted);
        await Catalog.RemoveAsync(Id.Value, deleted);
        await _witnesses.ForgetAsync(new NamedSequence(Id.Value, deleted));
        ledger.Dispose();
    }

    private async Task<SequenceHandle> ForkAsync(Guid uid, Guid forkUid, string name, long? length)
    {
        SequenceLedger ledger = await LedgerAsync(uid);
        ISequenceGrain grain = _links.Grains.GetGrain<ISequenceGrain>(name);
        if (await AdoptedAsync(grain, forkUid) is { } adopted)
        {
            return adopted;
        }

        LedgerRecord fork = await ledger.ForkAsync(new SequenceId(name), forkUid, length, Shards(ledger).SeedAsync, Shards(ledger).RetainAsync, CancellationToken.None);
        LedgerSeed seed = new(fork.Uid, Packed.Of(fork.Spec), fork.Length, EngineWire.ToMap(fork.Shards.AsSpan()), fork.Fence);
        OwnerId home = fork.Shards.IsEmpty ? _silos.Self : fork.Shards[0].Owner;
        try
        {
            return await _links.WithHint(home, () => grain.AdoptAsync(seed, CancellationToken.None));
        }
        catch (SequenceExistsException)
        {
            // It was refused. After any other failure, of storage too, it may have been adopted, and the shards are needed.
            await ReleaseAsync(fork.Shards, fork.Uid);
            throw;
        }
    }

    /// <summary>The fork, if an earlier attempt has made it and its answer was lost.</summary>
    /// <exception cref="SequenceExistsException">Another sequence has its name.</exception>
    private static async Task<SequenceHandle?> AdoptedAsync(ISequenceGrain grain, Guid forkUid)
    {
        try
        {
            SequenceHandle found = await grain.OpenAsync(CancellationToken.None);
            return found.Uid == forkUid ? found : throw new SequenceExistsException(new SequenceId(found.Name));
        }
        catch (SequenceNotFoundException)
        {
            return null;
        }
    }

    private void Use(SequenceLedger ledger)
    {
        _ledger = ledger;
        _local.Add(Id.Value, ledger.Record.Uid);
    }

    /// <summary>
    /// Does something with the ledger. Where another activation has taken it over meanwhile, this one takes it back: they can only be
    /// two until the cluster agrees on which of them stays.
    /// </summary>
    private async Task<T> OnLedgerAsync<T>(Guid? uid, Func<SequenceLedger, Task<T>> call)
    {
        while (true)
        {
            SequenceLedger ledger = await LedgerAsync(uid);
            try
            {
                return await call(ledger);
            }
            catch (LedgerFencedException)
            {
                Interlocked.CompareExchange(ref _ledger, null, ledger);
            }
        }
    }

    /// <summary>The ledger of this name, opened if it is stored; null if there is none.</summary>
    private async Task<SequenceLedger?> TakeOverAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            while (_ledger is null && await _store.ReadAsync(Id, cancellationToken) is { } stored)
            {
                try
                {
                    Use(await SequenceLedger.OpenAsync(stored, _store, _placement, _time, cancellationToken));
                }
                catch (LedgerFencedException)
                {
                    // Another one was faster: what it stored is read again.
                }
            }

            return _ledger;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>The ledger of the sequence meant; null: of this name.</summary>
    private async ValueTask<SequenceLedger> LedgerAsync(Guid? uid)
    {
        SequenceLedger? ledger = _ledger ?? await TakeOverAsync(CancellationToken.None);
        if (ledger is not null && (uid is null || uid == ledger.Record.Uid) && !ledger.Record.IsExpired(_time))
        {
            return ledger;
        }

        ThrowIfMoved();
        if (ledger is null && !_links.IsDurable && await Catalog.FindAsync(Id.Value) is { } known && (uid is null || uid == known))
        {
            await ThrowIfElsewhereAsync();
            throw new ShardLostException(Id, new PositionRange(0, long.MaxValue), "the silo that held the sequence's ledger is gone");
        }

        throw new SequenceNotFoundException(Id);
    }
}
