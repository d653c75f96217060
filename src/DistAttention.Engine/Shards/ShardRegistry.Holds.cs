namespace DistAttention.Engine.Shards;

/// <summary>Who holds a shard: sequences, which the store knows, and running calls, which pin it.</summary>
public sealed partial class ShardRegistry
{
    /// <summary>How many forgotten shards are remembered, so that a late write does not bring one back.</summary>
    private const int ForgottenCapacity = 65_536;

    private readonly RecentIds _forgotten = new(ForgottenCapacity);

    /// <summary>Lets another sequence hold shards too. Holding twice is holding once.</summary>
    /// <param name="ids">The shards.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask RetainAsync(IEnumerable<ShardId> ids, Guid holder, CancellationToken cancellationToken)
    {
        foreach (ShardId id in ids)
        {
            await _store.RetainAsync(id, holder, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a sequence's hold on shards. What nobody holds any more is forgotten, once no running call needs it.</summary>
    /// <param name="ids">The shards.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask ReleaseAsync(IEnumerable<ShardId> ids, Guid holder, CancellationToken cancellationToken)
    {
        foreach (ShardId id in ids)
        {
            lock (_lock)
            {
                if (_entries.TryGetValue(id, out Entry? entry) && entry.Pins > 0)
                {
                    entry.Left.Add(holder);
                    continue;
                }
            }

            await ReleaseAsync(id, holder, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps shards for a running call, whatever is truncated or deleted meanwhile. All or none.</summary>
    /// <param name="shards">The shards.</param>
    /// <returns>False if one of them is known to be held by nobody any more.</returns>
    public bool TryPin(ReadOnlySpan<ShardEntry> shards)
    {
        lock (_lock)
        {
            foreach (ShardEntry shard in shards)
            {
                if (_forgotten.Contains(shard.Id))
                {
                    return false;
                }
            }

            foreach (ShardEntry shard in shards)
            {
                GetOrAdd(shard.Id).Pins++;
            }

            return true;
        }
    }

    /// <summary>Ends a running call's pins.</summary>
    /// <param name="shards">The shards, each pinned before.</param>
    public void Unpin(ReadOnlySpan<ShardEntry> shards)
    {
        List<(ShardId Shard, Guid Holder)>? left = null;
        lock (_lock)
        {
            foreach (ShardEntry shard in shards)
            {
                if (!_entries.TryGetValue(shard.Id, out Entry? entry) || --entry.Pins > 0)
                {
                    continue;
                }

                foreach (Guid holder in entry.Left)
                {
                    (left ??= []).Add((shard.Id, holder));
                }

                entry.Left.Clear();
                if (entry.Shard is null)
                {
                    _entries.Remove(shard.Id);
                }
            }
        }

        // The caller waits for an answer, not for the store; what fails there is found by the store's own sweep.
        left?.ForEach(hold => _ = ReleaseAsync(hold.Shard, hold.Holder, CancellationToken.None).AsTask());
    }

    /// <summary>Whether nobody holds the shard any more, as far as is remembered.</summary>
    /// <param name="id">The shard.</param>
    public bool IsForgotten(ShardId id)
    {
        lock (_lock)
        {
            return _forgotten.Contains(id);
        }
    }

    private async ValueTask ReleaseAsync(ShardId id, Guid holder, CancellationToken cancellationToken)
    {
        if (!await _store.ReleaseAsync(id, holder, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        lock (_lock)
        {
            // Also where it was reserved and never written: a write that is still on its way comes too late.
            _forgotten.Add(id);
            if (_entries.TryGetValue(id, out Entry? entry) && entry.Pins == 0)
            {
                _entries.Remove(id);
                entry.Shard?.Release();
            }
        }
    }
}
