using System.Collections.Concurrent;
using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Rebalancing;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Moves shards: the new owner reads them into memory, the ledger names it from one moment on, the old one still answers whoever does not know yet, then
/// gives its memory back. One per silo; any silo may do it, and two at once do no harm: a ledger moves a shard only from the owner that it
/// is said to have.
/// </summary>
internal sealed partial class ShardMover(ClusterSilos silos, ClusterLinks links, ILedgerStore ledgers, IOptions<DistAttentionOptions> options, TimeProvider time, ILogger<ShardMover> log)
{
    /// <summary>Bytes that a silo reads at a time before their ledgers are told.</summary>
    private const long BatchBytes = 64 << 20;

    private const int BatchShards = 64;

    /// <summary>Pairs of silos that move shards at a time.</summary>
    private const int PairsAtATime = 4;

    /// <summary>How long a new owner may take to read a batch; a ledger is told all the same where the old owner leaves.</summary>
    private static readonly TimeSpan _warmPatience = TimeSpan.FromSeconds(30);

    /// <summary>Whether any silo can read any shard back.</summary>
    public bool IsDurable => links.IsDurable;

    /// <summary>Asks everybody.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<OwnershipCensus> CensusAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SiloReport> reports = await silos.AskAllAsync().ConfigureAwait(false);
        ConcurrentDictionary<OwnerId, ResidentShard[]> residents = new();
        await Task.WhenAll(reports.Select(async report =>
        {
            OwnerId silo = new(report.Silo);
            residents[silo] = await OrNothingAsync(() => silos.Host(silo).GetResidentsAsync(), static () => []).ConfigureAwait(false);
        })).ConfigureAwait(false);
        List<LedgerRecord> records = [];
        if (links.IsDurable)
        {
            await foreach (LedgerRecord record in ledgers.ListAsync("", cancellationToken).ConfigureAwait(false))
            {
                records.Add(record);
            }
        }
        else
        {
            records.AddRange(await LedgersInMemoryAsync(reports.Select(static r => new OwnerId(r.Silo)), cancellationToken).ConfigureAwait(false));
        }

        return OwnershipCensus.Of(reports, residents, records);
    }

    /// <summary>Moves the ledgers that this silo has in memory to silos that stay, each to the owner of its first shard if that stays.</summary>
    /// <returns>How many.</returns>
    public async Task<int> MoveLedgersAsync(LocalSequences local)
    {
        IReadOnlyList<OwnerId> staying = [.. silos.Staying().Where(s => s != silos.Self)];
        int moved = 0;
        foreach (NamedSequence sequence in links.IsDurable || staying.Count == 0 ? [] : local.All().Where(static s => !s.IsWitnessed))
        {
            ISequenceGrain ledger = links.Grains.GetGrain<ISequenceGrain>(sequence.Name);
            ShardEntry first = await OrNothingAsync(
                async () => EngineWire.ToEntries((await ledger.GetSnapshotAsync(sequence.Uid, CancellationToken.None).ConfigureAwait(false)).Shards).FirstOrDefault(),
                static () => default).ConfigureAwait(false);
            OwnerId to = staying.Contains(first.Owner) ? first.Owner : staying[moved % staying.Count];
            moved += await OrNothingAsync(() => ledger.MoveLedgerAsync(sequence.Uid, to.Value), static () => false).ConfigureAwait(false) ? 1 : 0;
        }

        return moved;
    }

    /// <summary>Tells every silo, this one too, that one leaves or stays.</summary>
    public async Task TellAsync(OwnerId silo, bool leaves)
    {
        silos.Leaves(silo, leaves);
        await Task.WhenAll(silos.Live().Where(other => other != silos.Self).Select(other => OrNothingAsync(
            async () =>
            {
                await silos.Host(other).LeavingAsync(silo.Value, leaves).ConfigureAwait(false);
                return true;
            },
            static () => false))).ConfigureAwait(false);
    }

    /// <summary>Does what is planned.</summary>
    /// <param name="run">Told how it goes on.</param>
    /// <param name="census">What the plan was made over.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Ends it between two batches: what was moved stays moved.</param>
    public async Task MoveAsync(MoveRun run, OwnershipCensus census, RebalancePlan plan, CancellationToken cancellationToken)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = PairsAtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(plan.Moves.GroupBy(static m => (m.From, m.To)), parallel, async (pair, token) =>
        {
            foreach (ShardMove[] batch in Batches(pair))
            {
                token.ThrowIfCancellationRequested();
                await MoveAsync(run, census, pair.Key.From, pair.Key.To, batch, token).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Gives back the memory of shards that are other silos' by now, once nobody asks for them here any more.</summary>
    /// <param name="run">What was moved.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task TidyAsync(MoveRun run, CancellationToken cancellationToken)
    {
        await Task.Delay(options.Value.HandOverTime, time, cancellationToken).ConfigureAwait(false);
        if (!links.IsDurable)
        {
            foreach (IGrouping<OwnerId, ShardEntry> left in run.Given.GroupBy(static s => s.Owner))
            {
                await LetGoAsync(left.Key, [.. left.Select(static s => EngineWire.ToRef(s.Id))]).ConfigureAwait(false);
            }

            return;
        }

        OwnershipCensus census = await CensusAsync(cancellationToken).ConfigureAwait(false);
        HashSet<ShardEntry> given = [.. run.Given];
        ILookup<ShardId, OwnerId> owners = census.Ledgers.Keys.ToLookup(static e => e.Id, static e => e.Owner);
        foreach ((OwnerId silo, IReadOnlySet<ShardId> resident) in census.Residents)
        {
            // What no ledger names is about to be written, or was deleted; then its last owner let it go, and one before that knows nothing of it. Where
            // copies are kept warm, only what was moved just now is let go: silos may differ for a moment about who keeps the copies.
            ShardRef[] others = [.. resident
                .Where(id => (given.Contains(new ShardEntry(id, silo)) || (owners.Contains(id) && !silos.KeepsReplicas)) && owners[id].All(owner => owner != silo && silos.ReplicaOf(owner) != silo))
                .Select(EngineWire.ToRef)];
            if (others.Length > 0)
            {
                await LetGoAsync(silo, others).ConfigureAwait(false);
                LogLetGo(log, silo.Value, others.Length);
            }
        }
    }

    private static IEnumerable<ShardMove[]> Batches(IEnumerable<ShardMove> moves)
    {
        List<ShardMove> batch = [];
        long bytes = 0;
        foreach (ShardMove move in moves)
        {
            if (batch.Count == BatchShards || (batch.Count > 0 && bytes + move.Shard.Bytes > BatchBytes))
            {
                yield return [.. batch];
                batch.Clear();
                bytes = 0;
            }

            batch.Add(move);
            bytes += move.Shard.IsIdle ? 0 : move.Shard.Bytes;
        }

        if (batch.Count > 0)
        {
            yield return [.. batch];
        }
    }

    private async Task MoveAsync(MoveRun run, OwnershipCensus census, OwnerId from, OwnerId to, ShardMove[] batch, CancellationToken cancellationToken)
    {
        if (links.IsDurable && !await WarmAsync(census, to, batch).ConfigureAwait(false) && !silos.IsLeaving(from))
        {
            run.Left(batch.Length); // it would have to read them for every query
            return;
        }

        HashSet<ShardId> moved = [];
        foreach (IGrouping<(SequenceId Id, Guid Uid), ShardMove> ledger in batch
            .SelectMany(move => census.Ledgers[move.Shard.Shard].Ledgers.Select(l => (Ledger: l, Move: move)))
            .GroupBy(static m => m.Ledger, static m => m.Move))
        {
            foreach (ShardEntry now in await HandOverAsync(ledger.Key, [.. ledger.Select(static m => m.Shard.Shard.Id)], from, to, cancellationToken).ConfigureAwait(false))
            {
                if (now.Owner == to)
                {
                    moved.Add(now.Id);
                }
            }
        }

        foreach (ShardMove move in batch)
        {
            if (moved.Contains(move.Shard.Shard.Id))
            {
                run.Moved(move.Shard);
            }
            else
            {
                run.Left(1);
            }
        }

        if (moved.Count > 0)
        {
            LogMoved(log, moved.Count, from.Value, to.Value);
            await OrNothingAsync(
                async () =>
                {
                    await silos.Host(from).SendAfterAsync([.. moved.Select(EngineWire.ToRef)], to.Value).ConfigureAwait(false);
                    return true;
                },
                static () => false).ConfigureAwait(false);
        }
    }

    private async Task<bool> WarmAsync(OwnershipCensus census, OwnerId to, ShardMove[] batch)
    {
        FollowNote[] notes =
        [
            .. batch.Where(static m => !m.Shard.IsIdle)
                .Select(m => census.Ledgers[m.Shard.Shard].Rows)
                .Select(static r => new FollowNote(EngineWire.ToRef(r.Id), r.Rows, r.Fence, r.Bytes)),
        ];
        try
        {
            return notes.Length == 0 || await silos.Host(to).WarmAsync(notes).WaitAsync(_warmPatience, time).ConfigureAwait(false) == notes.Length;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>Where the shards are then; nothing where the ledger could not be asked or refuses.</summary>
    private async Task<IReadOnlyList<ShardEntry>> HandOverAsync((SequenceId Id, Guid Uid) ledger, ShardId[] shards, OwnerId from, OwnerId to, CancellationToken cancellationToken)
    {
        ISequenceGrain grain = links.Grains.GetGrain<ISequenceGrain>(ledger.Id.Value);
        try
        {
            ShardMap map = links.IsDurable
                ? await RepeatedCall.RunAsync(HandOverAsync, time, cancellationToken).ConfigureAwait(false)
                : await HandOverAsync().ConfigureAwait(false); // rows travel: once is enough
            return [.. EngineWire.ToEntries(map)];
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            LogNotMoved(log, shards.Length, ledger.Id.Value, e);
            return [];
        }

        Task<ShardMap> HandOverAsync() => grain.HandOverAsync(ledger.Uid, [.. shards.Select(EngineWire.ToRef)], from.Value, to.Value);
    }

    /// <summary>What each ledger says of itself; one that does not answer is left out.</summary>
    private async Task<IReadOnlyList<LedgerRecord>> LedgersInMemoryAsync(IEnumerable<OwnerId> owners, CancellationToken cancellationToken)
    {
        ConcurrentBag<LedgerRecord> records = [];
        NamedSequence[][] named = await Task.WhenAll(owners.Select(silo => OrNothingAsync(() => silos.Host(silo).GetSequencesAsync(), static () => []))).ConfigureAwait(false);
        await Parallel.ForEachAsync(named.SelectMany(static n => n).Where(static n => !n.IsWitnessed).DistinctBy(static n => n.Name), cancellationToken, async (sequence, token) =>
        {
            try
            {
                LedgerView view = await links.Grains.GetGrain<ISequenceGrain>(sequence.Name).GetSnapshotAsync(sequence.Uid, token).WaitAsync(options.Value.ProbeTimeout, time, token).ConfigureAwait(false);
                records.Add(new LedgerRecord
                {
                    Id = new SequenceId(sequence.Name),
                    Uid = sequence.Uid,
                    Spec = view.Handle.Spec.Value,
                    Epoch = view.State.Epoch,
                    Length = view.State.Length,
                    Fence = view.Fence,
                    Shards = [.. EngineWire.ToEntries(view.Shards)],
                });
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or DistAttentionException)
            {
                // Deleted meanwhile, or out of reach.
            }
        }).ConfigureAwait(false);
        return [.. records.OrderBy(static r => r.Id.Value, StringComparer.Ordinal)];
    }

    private async Task LetGoAsync(OwnerId silo, ShardRef[] shards) => await OrNothingAsync(
        async () =>
        {
            await silos.Host(silo).LetGoAsync(shards).ConfigureAwait(false);
            return true;
        },
        static () => false).ConfigureAwait(false);

    private async Task<T> OrNothingAsync<T>(Func<Task<T>> ask, Func<T> nothing)
    {
        try
        {
            return await ask().WaitAsync(options.Value.ProbeTimeout, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return nothing(); // out of reach, or of a build that does not know the question
        }
    }
}
