using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

public sealed partial class SequenceLedger
{
    /// <summary>Who is to have a shard, reserved ones included; null if it is no part of the sequence.</summary>
    /// <param name="shard">The shard.</param>
    public OwnerId? OwnerOf(ShardId shard)
    {
        ImmutableArray<ShardEntry> shards = _shards;
        return shard.Index < shards.Length && shards[shard.Index].Id == shard ? shards[shard.Index].Owner : null;
    }

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
    public async ValueTask<IReadOnlyList<ShardEntry>> HandOverAsync(IReadOnlyList<ShardId> shards, OwnerId from, OwnerId to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shards);
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ImmutableArray<ShardEntry> moved = _shards;
            foreach (ShardId shard in shards)
            {
                if (shard.Index < moved.Length && moved[shard.Index] == new ShardEntry(shard, from))
                {
                    moved = moved.SetItem(shard.Index, new ShardEntry(shard, to));
                }
            }

            if (moved != _shards)
            {
                // Shards that are only reserved are stored with the append that fills them.
                await StoreAsync(_record with { Shards = moved[.._record.Shards.Length] }).ConfigureAwait(false);
                _shards = moved;
            }

            return [.. shards.Where(s => s.Index < moved.Length && moved[s.Index].Id == s).Select(s => moved[s.Index])];
        }
        finally
        {
            _turn.Release();
        }
    }
}
