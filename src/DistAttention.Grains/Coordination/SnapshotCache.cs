using System.Collections.Concurrent;
using DistAttention.Contracts;
using DistAttention.Engine.Ledger;

namespace DistAttention.Grains;

/// <summary>
/// Where the rows of snapshots are, for the tiles of one call after the first. Never asked for the latest state: only the ledger
/// knows that. A shard that has moved since answers "not here", and the ledger is asked again.
/// </summary>
internal sealed class SnapshotCache(TimeProvider time)
{
    private const int Capacity = 1024;

    /// <summary>Shards change owners while all silos live; the old ones answer for longer than this.</summary>
    private static readonly TimeSpan _maxAge = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(Guid Uid, long Epoch), (LedgerSnapshot Snapshot, long At)> _latest = new();
    private readonly ConcurrentDictionary<Guid, long> _lengths = new();

    /// <summary>What a tile is computed against: the pinned state, or the latest one as its terms want it.</summary>
    /// <exception cref="SnapshotLostException">The pinned state is of an epoch that is over.</exception>
    public async ValueTask<LedgerSnapshot> GetAsync(RemoteLedger ledger, SequenceSnapshot? pinned, long? length, CancellationToken cancellationToken)
    {
        if (pinned is { } state)
        {
            return await GetPinnedAsync(ledger, state, cancellationToken).ConfigureAwait(false);
        }

        LedgerSnapshot latest = await ledger.GetSnapshotAsync(cancellationToken).ConfigureAwait(false);
        Keep(ledger.Handle.Uid, latest);
        if (length is not { } wanted)
        {
            return latest;
        }

        return wanted <= latest.State.Length
            ? latest.CutTo(wanted)
            : throw new InvalidSpecException(nameof(AttendOptions.Length), $"{wanted} is more than the {latest.State.Length} committed positions");
    }

    /// <summary>Positions of a sequence as it was seen last; 0 if it was not. For estimates.</summary>
    public long LengthSeen(Guid uid) => _lengths.GetValueOrDefault(uid);

    /// <summary>Forgets a state that was found wrong.</summary>
    public void Forget(Guid uid, long epoch) => _latest.TryRemove((uid, epoch), out _);

    private async ValueTask<LedgerSnapshot> GetPinnedAsync(RemoteLedger ledger, SequenceSnapshot state, CancellationToken cancellationToken)
    {
        Guid uid = ledger.Handle.Uid;
        if (_latest.TryGetValue((uid, state.Epoch), out (LedgerSnapshot Snapshot, long At) known) && known.Snapshot.State.Length >= state.Length && known.Snapshot.Id.Value == ledger.Handle.Name)
        {
            if (time.GetElapsedTime(known.At) > _maxAge)
            {
                _latest[(uid, state.Epoch)] = (known.Snapshot, time.GetTimestamp()); // one asks, the others go by what is known
                _ = RefreshAsync(ledger);
            }

            return known.Snapshot.CutTo(state.Length);
        }

        LedgerSnapshot latest;
        try
        {
            latest = await ledger.GetSnapshotAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SequenceNotFoundException)
        {
            throw new SnapshotLostException(new SequenceId(ledger.Handle.Name), state);
        }

        if (latest.State.Epoch != state.Epoch || latest.State.Length < state.Length)
        {
            throw new SnapshotLostException(latest.Id, state);
        }

        Keep(uid, latest);
        return latest.CutTo(state.Length);
    }

    /// <summary>Asks where shards are now. What is known stays good: an owner that has given a shard away still answers for a while.</summary>
    private async Task RefreshAsync(RemoteLedger ledger)
    {
        try
        {
            Keep(ledger.Handle.Uid, await ledger.GetSnapshotAsync(CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception)
        {
            // The tiles that need the ledger hear of it.
        }
    }

    private void Keep(Guid uid, LedgerSnapshot snapshot)
    {
        if (_latest.Count >= Capacity)
        {
            _latest.Clear();
            _lengths.Clear();
        }

        _latest[(uid, snapshot.State.Epoch)] = (snapshot, time.GetTimestamp());
        _lengths[uid] = snapshot.State.Length;
    }
}
