using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>Which owner has which shard.</summary>
public sealed partial class SequenceLedger
{
    /// <summary>Who is to have a shard, reserved ones included; null if it is no part of the sequence.</summary>
    /// <param name="shard">The shard.</param>
    public OwnerId? OwnerOf(ShardId shard)
    {
        ImmutableArray<ShardEntry> shards = _shards;
        return shard.Index < shards.Length && shards[shard.Index].Id == shard ? shards[shard.Index].Owner : null;
    }

    /// <summary>Takes note of where a shard was found.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="owner">Who holds it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask MoveAsync(ShardId shard, OwnerId owner, CancellationToken cancellationToken)
    {
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            if (shard.Index >= _shards.Length || _shards[shard.Index].Id != shard)
            {
                return;
            }

            _shards = _shards.SetItem(shard.Index, new ShardEntry(shard, owner));
            if (shard.Index < Record.Shards.Length)
            {
                await StoreAsync(Record with { Shards = _shards }).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken) =>
        MoveAsync(shards, unreachable, (all, index) => _placement.ChooseInstead(Record.Spec, all, index), cancellationToken);

    /// <summary>
    /// Gives shards to another owner while the one that has them lives: one compare-and-swap. Whoever goes by an older state still asks the old
    /// owner, who answers as well; whoever asks the new one gets all that is committed, since that one reads what it lacks from the store.
    /// </summary>
    /// <remarks>
    /// Neither epoch nor fence changes: no row does. Appends that are under way go on at the old owner, under their fence, and are in the store
    /// before they are committed. Needs a store that both can read.
    /// </remarks>
    /// <param name="shards">The shards.</param>
    /// <param name="from">Their owner. What is not its any more stays where it is.</param>
    /// <param name="to">Who is to have them.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Where they are now, in the order given, without those that are no longer part of the sequence.</returns>
    public ValueTask<IReadOnlyList<ShardEntry>> HandOverAsync(IReadOnlyList<ShardId> shards, OwnerId from, OwnerId to, CancellationToken cancellationToken) =>
        MoveAsync(shards, from, (_, _) => to, cancellationToken);

    private async ValueTask<IReadOnlyList<ShardEntry>> MoveAsync(
        IReadOnlyList<ShardId> shards, OwnerId from, Func<ImmutableArray<ShardEntry>, int, OwnerId?> choose, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shards);
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            ImmutableArray<ShardEntry> moved = _shards;
            foreach (ShardId shard in shards)
            {
                if (shard.Index < moved.Length && moved[shard.Index] == new ShardEntry(shard, from) && choose(moved, shard.Index) is { } owner)
                {
                    moved = moved.SetItem(shard.Index, new ShardEntry(shard, owner));
                }
            }

            if (moved != _shards)
            {
                // Shards that are only reserved are stored with the append that fills them.
                await StoreAsync(Record with { Shards = moved[..Record.Shards.Length] }).ConfigureAwait(false);
                _shards = moved;
            }

            return [.. shards.Where(s => s.Index < moved.Length && moved[s.Index].Id == s).Select(s => moved[s.Index])];
        }
    }

    /// <summary>
    /// Gives a shard to another owner that holds its rows nowhere else than in memory: reservations are thrown away, so that nobody writes under a fence
    /// that the new owner takes; while what the old owner has is taken over, nothing is committed.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="from">Its owner. If it is not its any more, nothing happens.</param>
    /// <param name="to">Who is to have it.</param>
    /// <param name="takeOver">Has the new owner hold so many committed rows since a fence: (rows, fence); false if it does not, and the old one goes on.</param>
    /// <param name="cancellationToken">Cancels the waiting for a turn.</param>
    /// <returns>Who has it; null if it is no longer part of the sequence.</returns>
    public async ValueTask<OwnerId?> HandOverRowsAsync(ShardId shard, OwnerId from, OwnerId to, Func<int, long, ValueTask<bool>> takeOver, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(takeOver);
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            if (OwnerOf(shard) != from)
            {
                return OwnerOf(shard);
            }

            ThrowAppendsAway();
            long start = (long)shard.Index * Record.Spec.ShardLength;
            int rows = (int)Math.Clamp(Record.Length - start, 0, Record.Spec.ShardLength);
            if (!await takeOver(rows, Record.Fence).ConfigureAwait(false))
            {
                return from;
            }

            ImmutableArray<ShardEntry> moved = _shards.SetItem(shard.Index, new ShardEntry(shard, to));
            await StoreAsync(Record with { Shards = moved[..Math.Min(moved.Length, Record.Shards.Length)] }).ConfigureAwait(false);
            _shards = moved;
            return to;
        }
    }

    /// <summary>Gives the whole ledger to another owner, who stores it; this one then answers nothing more. For ledgers that are kept in memory only.</summary>
    /// <param name="adopt">Has the new owner store it: false if it does not, and this one goes on.</param>
    /// <param name="cancellationToken">Cancels the waiting for a turn.</param>
    /// <returns>Whether it has moved.</returns>
    public async ValueTask<bool> LeaveAsync(Func<LedgerRecord, ValueTask<bool>> adopt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(adopt);
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            ThrowAppendsAway();
            if (!await adopt(Record).ConfigureAwait(false))
            {
                return false;
            }

            await _stored.LeaveAsync().ConfigureAwait(false);
            return true;
        }
    }
}
