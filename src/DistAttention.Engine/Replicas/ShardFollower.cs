using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Replicas;

/// <summary>
/// Keeps shards of other owners warm: loads them from the store, and reads what has been committed since whenever it hears of it. Nothing
/// waits for it: what it has not read yet is read when a query asks for it, so a copy that lags answers later, never less.
/// </summary>
/// <remarks>
/// Reading a shard on costs about the same however few rows are new, so each shard rests for a multiple of the time that its last reading
/// took. Copies only take memory that is free: they are evicted like any idle shard, and never evict one themselves.
/// </remarks>
/// <param name="registry">The shards of this process.</param>
/// <param name="time">The clock of pauses.</param>
public sealed class ShardFollower(ShardRegistry registry, TimeProvider time) : IDisposable
{
    /// <summary>Following takes at most one part in so many of one thread's time.</summary>
    private const int Rest = 10;

    private static readonly TimeSpan _shortestRest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _longestRest = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<ShardId, FollowedShard> _wanted = [];
    private readonly CancellationTokenSource _stop = new();
    private bool _running;

    /// <summary>Takes note of what is committed, and begins to read it unless that is under way.</summary>
    /// <param name="shards">The shards.</param>
    public void Follow(IEnumerable<FollowedShard> shards)
    {
        ArgumentNullException.ThrowIfNull(shards);
        lock (_lock)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            foreach (FollowedShard shard in shards)
            {
                // Notes may overtake each other; what one says stays true.
                _wanted[shard.Id] = _wanted.TryGetValue(shard.Id, out FollowedShard before)
                    ? new FollowedShard(shard.Id, Math.Max(before.Rows, shard.Rows), Math.Max(before.Fence, shard.Fence), Math.Max(before.Bytes, shard.Bytes))
                    : shard;
            }

            if (_running)
            {
                return;
            }

            _running = true;
        }

        _ = RunAsync();
    }

    /// <summary>Lets a copy go: nobody will ask for it any more.</summary>
    /// <param name="shard">The shard.</param>
    public void Unfollow(ShardId shard)
    {
        lock (_lock)
        {
            _wanted.Remove(shard);
        }

        registry.Evict(shard);
    }

    /// <summary>Reads shards now, as far as there is free memory for them.</summary>
    /// <param name="shards">The shards.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>How many of them are in memory then.</returns>
    public async Task<int> WarmAsync(IReadOnlyList<FollowedShard> shards, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shards);
        foreach (FollowedShard shard in shards)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ReadAsync(shard).ConfigureAwait(false);
        }

        return shards.Count(s => registry.ResidentBytes(s.Id) > 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _stop.Cancel();
        }
    }

    private async Task RunAsync()
    {
        while (Take() is { } shards)
        {
            long started = time.GetTimestamp();
            foreach (FollowedShard shard in shards)
            {
                await ReadAsync(shard).ConfigureAwait(false);
            }

            TimeSpan rest = time.GetElapsedTime(started) * Rest;
            rest = rest < _shortestRest ? _shortestRest : rest > _longestRest ? _longestRest : rest;
            try
            {
                await Task.Delay(rest, time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private FollowedShard[]? Take()
    {
        lock (_lock)
        {
            if (_wanted.Count == 0 || _stop.IsCancellationRequested)
            {
                _running = false;
                return null;
            }

            FollowedShard[] shards = [.. _wanted.Values];
            _wanted.Clear();
            return shards;
        }
    }

    private async Task ReadAsync(FollowedShard shard)
    {
        long missing = shard.Bytes - registry.ResidentBytes(shard.Id);
        if (missing > registry.Budget.LimitBytes - registry.Budget.UsedBytes)
        {
            return;
        }

        try
        {
            Shard? copy = await registry.LeaseOrLoadAsync(shard.Id, shard.Rows, shard.Fence, _stop.Token).ConfigureAwait(false);
            copy?.Release();
        }
        catch (Exception)
        {
            // A query that needs these rows finds the same, and its caller is told.
        }
    }
}
