using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace DistAttention.Engine.Shards;

/// <summary>Keeps a copy of every row in managed memory, so that a shard can leave memory and come back. For tests and simulation.</summary>
public sealed class InMemoryShardStore : IShardStore
{
    private readonly ConcurrentDictionary<ShardId, ImmutableList<ShardWrite>> _writes = new();
    private readonly HoldTable _holds = new();

    /// <inheritdoc/>
    public bool IsDurable => true;

    /// <inheritdoc/>
    public ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        _holds.RetainFirst(write.Shard);
        ShardWrite kept = write with { K = write.K.ToArray(), V = write.V.ToArray() };
        _writes.AddOrUpdate(write.Shard, static (_, w) => [w], static (_, list, w) => list.Add(w), kept);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken)
    {
        if (!_writes.TryGetValue(source, out ImmutableList<ShardWrite>? list))
        {
            throw new InvalidOperationException($"The store does not know shard {source}.");
        }

        _holds.RetainFirst(shard);
        _writes[shard] = [.. list.Where(w => w.FirstIdx < count).Select(w => Cut(w, count) with { Shard = shard })];
        return default;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (ShardWrite write in _writes.GetValueOrDefault(shard, []).OrderBy(static w => w.Fence))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return write;
        }
    }

    /// <inheritdoc/>
    public ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
    {
        _holds.Retain(shard, holder);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
    {
        bool last = _holds.Release(shard, holder);
        if (last)
        {
            _writes.TryRemove(shard, out _);
        }

        return new(last);
    }

    private static ShardWrite Cut(ShardWrite write, int end)
    {
        int keep = Math.Min(write.Count, end - write.FirstIdx);
        return write with { Count = keep, K = write.K[..(keep * write.KRow)], V = write.V[..(keep * write.VRow)] };
    }
}
