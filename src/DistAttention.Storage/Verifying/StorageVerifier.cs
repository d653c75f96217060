using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Verifying;

/// <summary>
/// Reads everything a storage keeps and holds it against its checksums and against what the ledgers say was acknowledged. The storage may
/// be in use meanwhile: what looks wrong is looked at again before it is reported.
/// </summary>
public sealed class StorageVerifier
{
    private static readonly TimeSpan _secondLook = TimeSpan.FromMilliseconds(100);

    private readonly DurableStorage _storage;
    private readonly IScrubbed _scrubbed;
    private readonly IProgress<VerifyProgress>? _progress;
    private readonly List<StorageFinding> _findings = [];
    private readonly List<StrayHold> _strays = [];
    private readonly List<(string Name, LedgerRecord Record)> _ledgers = [];
    private bool _ledgersAreKnown = true;
    private VerifyReport _report = new();

    /// <summary>Prepares a check, which runs once.</summary>
    /// <param name="storage">What to check.</param>
    /// <param name="progress">Told after each shard.</param>
    public StorageVerifier(DurableStorage storage, IProgress<VerifyProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _storage = storage;
        _scrubbed = storage.Scrubbed;
        _progress = progress;
    }

    /// <summary>Checks everything.</summary>
    /// <param name="reclaim">Whether to give back what sequences that no longer exist still hold, once it is an hour old.</param>
    /// <param name="time">The clock of that hour.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="StorageException">The storage as a whole cannot be read.</exception>
    public async Task<VerifyReport> RunAsync(bool reclaim, TimeProvider time, CancellationToken cancellationToken)
    {
        await foreach (string ledger in _scrubbed.ListLedgersAsync(cancellationToken).ConfigureAwait(false))
        {
            await ReadLedgerAsync(ledger, cancellationToken).ConfigureAwait(false);
        }

        Dictionary<ShardId, ShardUse> uses = ShardUse.Of(_ledgers.Select(static l => l.Record));
        HashSet<Guid> live = [.. _ledgers.Select(static l => l.Record.Uid)];
        List<ShardId> shards = await _scrubbed.ListShardsAsync(cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        shards = [.. shards.Union(uses.Keys)];
        for (int i = 0; i < shards.Count; i++)
        {
            _report = _report with { Shards = _report.Shards + 1 };
            ShardUse use = uses.GetValueOrDefault(shards[i]) ?? new ShardUse();
            await ScrubAsync(shards[i], use, cancellationToken).ConfigureAwait(false);
            await CheckHoldsAsync(shards[i], use, live, cancellationToken).ConfigureAwait(false);
            _progress?.Report(new VerifyProgress(i + 1, shards.Count, _report.Bytes));
        }

        int? reclaimed = reclaim && _ledgersAreKnown
            ? await _storage.SweepAsync(time, cancellationToken).ConfigureAwait(false)
            : null;
        return _report with
        {
            Sequences = _ledgers.Count,
            Positions = _ledgers.Sum(static l => l.Record.Length),
            Findings = _findings,
            StrayHolds = _ledgersAreKnown ? _strays : [],
            Reclaimed = reclaimed,
        };
    }

    private static IReadOnlyList<SequenceId> NamesOf(ShardUse use) => [.. use.Users.Select(static u => u.Id)];

    private async ValueTask ReadLedgerAsync(string ledger, CancellationToken cancellationToken)
    {
        for (bool again = false; ; again = true)
        {
            try
            {
                if (await _scrubbed.ReadLedgerAsync(ledger, cancellationToken).ConfigureAwait(false) is { } record)
                {
                    _ledgers.Add((ledger, record));
                }

                return;
            }
            catch (StorageDamagedException) when (!again)
            {
                await Task.Delay(_secondLook, cancellationToken).ConfigureAwait(false); // perhaps it was being written
            }
            catch (StorageDamagedException e)
            {
                Report(e, []);
                _ledgersAreKnown = false;
                return;
            }
            catch (StorageException e) when (!e.IsTransient)
            {
                _findings.Add(new StorageFinding(e.File, 0, default, [], e.Problem));
                _ledgersAreKnown = false;
                return;
            }
        }
    }

    private async ValueTask ScrubAsync(ShardId shard, ShardUse use, CancellationToken cancellationToken)
    {
        RowCoverage seen = new();
        int damages = 0;
        try
        {
            await foreach (ShardWrite write in _scrubbed.ReadShardAsync(shard, 0, OnDamage, cancellationToken).ConfigureAwait(false))
            {
                seen.Add(new PositionRange(write.FirstIdx, write.FirstIdx + write.Count));
                KvLayout layout = KvLayout.Of(write.Spec);
                _report = _report with { Records = _report.Records + 1, Bytes = _report.Bytes + KvRows.ByteLength(layout, write.Count) };
                RequireLayout(shard, use, write.Spec);
            }
        }
        catch (StorageDamagedException e)
        {
            OnDamage(e);
        }
        catch (StorageException e) when (!e.IsTransient)
        {
            damages++;
            _findings.Add(new StorageFinding(e.File, 0, default, NamesOf(use), e.Problem));
        }

        // What is damaged is missing too, and is named already.
        if (damages == 0 && seen.MissingOf(use.RequiredRows).Any())
        {
            await ReportMissingAsync(shard, use, cancellationToken).ConfigureAwait(false);
        }

        void OnDamage(StorageDamagedException damage)
        {
            damages++;
            Report(damage, NamesOf(use));
        }
    }

    /// <summary>Rows are missing: now that the ledgers were read again, in case they were truncated or deleted meanwhile.</summary>
    private async ValueTask ReportMissingAsync(ShardId shard, ShardUse use, CancellationToken cancellationToken)
    {
        int required = 0;
        int shardLength = 0;
        foreach (LedgerRecord user in use.Users)
        {
            if (await _storage.Ledgers.ReadAsync(user.Id, cancellationToken).ConfigureAwait(false) is { } now && now.Record.Uid == user.Uid)
            {
                required = Math.Max(required, ShardUse.RowsOf(now.Record, shard));
                shardLength = user.Spec.ShardLength;
            }
        }

        RowCoverage seen = new();
        try
        {
            await foreach (ShardWrite write in _scrubbed.ReadShardAsync(shard, required, damaged: null, cancellationToken).ConfigureAwait(false))
            {
                seen.Add(new PositionRange(write.FirstIdx, write.FirstIdx + write.Count));
            }
        }
        catch (StorageDamagedException e)
        {
            Report(e, NamesOf(use));
            return;
        }

        long start = (long)shard.Index * shardLength;
        foreach (PositionRange missing in seen.MissingOf(required))
        {
            _findings.Add(new StorageFinding(_scrubbed.PlaceOf(shard), 0, new PositionRange(start + missing.Start, start + missing.End), NamesOf(use), "acknowledged rows are missing"));
        }
    }

    private async ValueTask CheckHoldsAsync(ShardId shard, ShardUse use, HashSet<Guid> live, CancellationToken cancellationToken)
    {
        HashSet<Guid> holders = [];
        await foreach ((Guid holder, DateTimeOffset since) in _scrubbed.ListHoldersAsync(shard, cancellationToken).ConfigureAwait(false))
        {
            holders.Add(holder);
            if (!live.Contains(holder))
            {
                _strays.Add(new StrayHold(_scrubbed.PlaceOf(shard), holder, since));
            }
        }

        if (holders.Count == 0 && use.RequiredRows == 0 && !_scrubbed.KeepsUnheldShards)
        {
            _strays.Add(new StrayHold(_scrubbed.PlaceOf(shard), Guid.Empty, null));
        }

        foreach (LedgerRecord user in use.Users.Where(u => !holders.Contains(u.Uid)))
        {
            // The sequence itself may have let go of it since.
            if (await _storage.Ledgers.ReadAsync(user.Id, cancellationToken).ConfigureAwait(false) is { } now
                && now.Record.Uid == user.Uid
                && ShardUse.RowsOf(now.Record, shard) > 0)
            {
                _findings.Add(new StorageFinding(_scrubbed.PlaceOf(shard), 0, default, [user.Id], "the sequence does not hold the shard, which another may delete"));
            }
        }
    }

    private void RequireLayout(ShardId shard, ShardUse use, SequenceSpec spec)
    {
        if (use.Users.FirstOrDefault(u => KvLayout.Of(u.Spec) != KvLayout.Of(spec) || u.Spec.ShardLength != spec.ShardLength) is { } user
            && !_findings.Exists(f => f.Place == _scrubbed.PlaceOf(shard)))
        {
            _findings.Add(new StorageFinding(_scrubbed.PlaceOf(shard), 0, default, [user.Id], "its rows are not of the shape that the sequence has"));
        }
    }

    private void Report(StorageDamagedException damage, IReadOnlyList<SequenceId> sequences) =>
        _findings.Add(new StorageFinding(damage.File, damage.Offset, damage.Positions, sequences, damage.Problem));
}
