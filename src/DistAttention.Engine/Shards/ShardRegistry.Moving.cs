namespace DistAttention.Engine.Shards;

/// <summary>
/// Moving a shard whose rows are nowhere else than in memory: while it is read and written its blocks are copied into a shard that nobody sees at the
/// new place; then writes end at the old one, what came since is copied, the new one is adopted, and the ledger says so. The old one goes on answering
/// for the state that it has until it is dropped.
/// </summary>
public sealed partial class ShardRegistry
{
    private readonly Dictionary<ShardId, Shard> _arriving = [];
    private readonly RecentIds _givenAway = new(ForgottenCapacity);

    /// <summary>Whether a shard was given to another process: nothing is written to it here any more.</summary>
    /// <param name="id">The shard.</param>
    public bool IsGivenAway(ShardId id)
    {
        lock (_lock)
        {
            return _givenAway.Contains(id);
        }
    }

    /// <summary>Copies blocks of a shard for another process.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="mostBytes">How much at most.</param>
    /// <returns>The blocks; empty behind the last one; null if the rows are not here.</returns>
    public byte[]? CopyBlocks(ShardId id, int rows, int firstBlock, int mostBytes)
    {
        Shard? shard = TryLease(id);
        try
        {
            return shard?.CopyBlocks(rows, firstBlock, mostBytes);
        }
        finally
        {
            shard?.Release();
        }
    }

    /// <summary>Takes blocks of a shard that is to be held here.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="bytes">The blocks.</param>
    /// <returns>The block after the last one.</returns>
    /// <exception cref="CapacityExceededException">There is no room for them.</exception>
    public int Receive(ShardId id, SequenceSpec spec, int firstBlock, ReadOnlySpan<byte> bytes)
    {
        Shard? shard;
        lock (_lock)
        {
            ThrowIfDisposed();
            if (!_arriving.TryGetValue(id, out shard))
            {
                _arriving.Add(id, shard = new Shard(id, spec, Budget));
            }

            shard.Lease();
        }

        try
        {
            return shard.Receive(firstBlock, bytes);
        }
        finally
        {
            shard.Release();
        }
    }

    /// <summary>Ends writing a shard here, since it moves. Writes that run are refused at their end: their fence is too old.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="fence">A fence above that of all reservations so far.</param>
    /// <returns>Whether all these rows are here.</returns>
    public bool GiveAway(ShardId id, int rows, long fence)
    {
        Shard? shard = TryLease(id);
        try
        {
            if (shard is null || shard.ContiguousLength < rows)
            {
                return false;
            }

            lock (_lock)
            {
                _givenAway.Add(id);
            }

            shard.Hear(fence, rows);
            return true;
        }
        finally
        {
            shard?.Release();
        }
    }

    /// <summary>Goes on writing a shard here: it has not moved after all.</summary>
    /// <param name="id">The shard.</param>
    public void KeepAfterAll(ShardId id)
    {
        lock (_lock)
        {
            _givenAway.Remove(id);
        }
    }

    /// <summary>Makes a shard that has arrived the one that is held here.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="fence">The fence since when it is here.</param>
    /// <returns>Whether it is here: not if it has not arrived.</returns>
    public bool Adopt(ShardId id, int rows, long fence)
    {
        Shard? replaced;
        lock (_lock)
        {
            ThrowIfDisposed();
            if (!_arriving.TryGetValue(id, out Shard? arrived))
            {
                return false;
            }

            arrived.Arrive(rows, fence);
            _arriving.Remove(id);
            _givenAway.Remove(id);
            Entry entry = GetOrAdd(id);
            (replaced, entry.Shard, entry.Writers) = (entry.Shard, arrived, 0);
        }

        replaced?.Release(); // from before it was given away the last time
        return true;
    }

    /// <summary>Lets go of what has arrived of a shard that does not come after all.</summary>
    /// <param name="id">The shard.</param>
    public void Refuse(ShardId id)
    {
        Shard? arrived;
        lock (_lock)
        {
            _arriving.Remove(id, out arrived);
        }

        arrived?.Release();
    }

    /// <summary>Lets go of a shard that was given away; its readers finish first. Nothing happens if it was not, or has come back.</summary>
    /// <param name="id">The shard.</param>
    public void Drop(ShardId id)
    {
        Shard? dropped = null;
        lock (_lock)
        {
            if (_givenAway.Contains(id) && _entries.TryGetValue(id, out Entry? entry))
            {
                (dropped, entry.Shard, entry.Writers) = (entry.Shard, null, 0);
                if (entry.Pins == 0)
                {
                    _entries.Remove(id);
                }
            }
        }

        dropped?.Release();
    }
}
