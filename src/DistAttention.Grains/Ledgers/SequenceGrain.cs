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

    /// <summary>Silos besides its own and the catalog's that know of a sequence.</summary>
    private const int Witnesses = 2;

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
            await WitnessAsync(_silos.Live(), lost, exists: false);
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
            await OnLedgerAsync(uid, async ledger => await ledger.TruncateAsync(operation, length, SeedAsync, cancellationToken));
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
        IEnumerable<Task<long>> asked = record.Shards.GroupBy(static s => s.Owner).Select(ResidentBytesAsync);
        return new SequenceReport(
            EngineWire.ToHandle(record),
            record.Snapshot,
            LedgerSnapshot.ShardCount(record.Length, record.Spec.ShardLength),
            (await Task.WhenAll(asked)).Sum()) { ExpiresAt = record.ExpiresAt };
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
                await WitnessAsync(Neighbours(), record.Uid, exists: true);
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
        await WitnessAsync(_silos.Live(), deleted, exists: false);
        ledger.Dispose();
    }

    /// <summary>The silos after this one.</summary>
    private IEnumerable<OwnerId> Neighbours()
    {
        IReadOnlyList<OwnerId> live = _silos.Live();
        int self = live.TakeWhile(s => s != _silos.Self).Count();
        return live.Skip(self + 1).Concat(live.Take(self)).Take(Witnesses);
    }

    /// <summary>Tells silos that the sequence exists, or does no longer. One that does not hear it is no worse a silo.</summary>
    private Task WitnessAsync(IEnumerable<OwnerId> silos, Guid uid, bool exists) => Task.WhenAll(silos.Select(async silo =>
    {
        try
        {
            await _silos.Host(silo).WitnessAsync(new NamedSequence(Id.Value, uid), exists).WaitAsync(_links.Times.Probe, _links.Times.Time);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See above.
        }
    }));

    private async Task<SequenceHandle> ForkAsync(Guid uid, Guid forkUid, string name, long? length)
    {
        SequenceLedger ledger = await LedgerAsync(uid);
        ISequenceGrain grain = _links.Grains.GetGrain<ISequenceGrain>(name);
        if (await AdoptedAsync(grain, forkUid) is { } adopted)
        {
            return adopted;
        }

        LedgerRecord fork = await ledger.ForkAsync(new SequenceId(name), forkUid, length, SeedAsync, RetainAsync, CancellationToken.None);
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

    private SequenceGateway Gateway() =>
        new(_links, new RemoteLedger(_links.Grains.GetGrain<ISequenceGrain>(_ledger!.Record.Id.Value), EngineWire.ToHandle(_ledger!.Record), _time, _links.Stored));

    private async ValueTask SeedAsync(ShardEntry cut, ShardEntry source, int count)
    {
        bool seeded = false;
        try
        {
            seeded = !_silos.IsDead(cut.Owner)
                && await Gateway().SeedAsync(cut.Owner, cut.Id, source.Id, count, CancellationToken.None).AsTask().WaitAsync(_links.IsDurable ? _links.Times.Probe : Timeout.InfiniteTimeSpan, _links.Times.Time);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See below.
        }

        if (!seeded && _links.IsDurable)
        {
            // What is stored, any silo can cut.
            seeded = await _links.Shards.Registry.SeedAsync(cut.Id, source.Id, count, CancellationToken.None);
        }

        if (!seeded)
        {
            long start = (long)source.Id.Index * _ledger!.Record.Spec.ShardLength;
            throw new ShardLostException(Id, new PositionRange(start, start + count), $"their owner {source.Owner} does not hold them");
        }
    }

    private async ValueTask RetainAsync(IReadOnlyList<ShardEntry> shards, Guid holder)
    {
        if (_links.IsDurable)
        {
            // Holds are in the store, which every silo reaches.
            await _links.Shards.Registry.RetainAsync(shards.Select(static s => s.Id), holder, CancellationToken.None);
            return;
        }

        foreach (IGrouping<OwnerId, ShardEntry> owned in shards.GroupBy(static s => s.Owner))
        {
            try
            {
                await Gateway().RetainAsync(owned.Key, [.. owned.Select(static s => s.Id)], holder, CancellationToken.None);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                long shardLength = _ledger!.Record.Spec.ShardLength;
                long start = owned.First().Id.Index * shardLength;
                throw new ShardLostException(Id, new PositionRange(start, start + shardLength), $"their owner {owned.Key} does not answer", e);
            }
        }
    }

    /// <summary>
    /// Lets shards go. A silo that cannot be told has nothing to give back, or gives it back when it ends; what is stored this silo gives back
    /// itself.
    /// </summary>
    private async Task ReleaseAsync(IReadOnlyCollection<ShardEntry> shards, Guid holder)
    {
        IEnumerable<Task> told = shards.GroupBy(static s => s.Owner).Select(async owned =>
        {
            try
            {
                if (!_silos.IsDead(owned.Key))
                {
                    await _silos.Host(owned.Key).ReleaseAsync([.. owned.Select(static s => EngineWire.ToRef(s.Id))], holder).WaitAsync(_links.Times.Probe, _links.Times.Time);
                    return;
                }
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // See above.
            }

            if (_links.IsDurable)
            {
                await _links.Shards.Registry.ReleaseAsync([.. owned.Select(static s => s.Id)], holder, CancellationToken.None);
            }
        });
        await Task.WhenAll(told);
        _replicas.Forget(shards);
    }

    private async Task<long> ResidentBytesAsync(IGrouping<OwnerId, ShardEntry> owned)
    {
        try
        {
            return _silos.IsDead(owned.Key)
                ? 0
                : await _silos.Host(owned.Key).GetResidentBytesAsync([.. owned.Select(static s => EngineWire.ToRef(s.Id))]).WaitAsync(_links.Times.Probe);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return 0;
        }
    }
}
