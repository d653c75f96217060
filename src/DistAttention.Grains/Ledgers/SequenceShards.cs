using DistAttention.Contracts;
using DistAttention.Engine.Shards;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>What the ledger of a sequence has done to its shards, by their owners or, where they are stored, by this silo itself.</summary>
internal sealed class SequenceShards(ClusterLinks links, SequenceHandle sequence, TimeProvider time)
{
    private readonly SequenceGateway _gateway = new(links, new RemoteLedger(links.Grains.GetGrain<ISequenceGrain>(sequence.Name), sequence, time, links.Stored));

    /// <summary>Starts a shard with another's first rows.</summary>
    /// <exception cref="ShardLostException">Nobody has them.</exception>
    public async ValueTask SeedAsync(ShardEntry cut, ShardEntry source, int count)
    {
        bool seeded = false;
        try
        {
            seeded = !links.Silos.IsDead(cut.Owner)
                && await _gateway.SeedAsync(cut.Owner, cut.Id, source.Id, count, CancellationToken.None).AsTask().WaitAsync(links.IsDurable ? links.Times.Probe : Timeout.InfiniteTimeSpan, links.Times.Time);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See below.
        }

        if (!seeded && links.IsDurable)
        {
            // What is stored, any silo can cut.
            seeded = await links.Shards.Registry.SeedAsync(cut.Id, source.Id, count, CancellationToken.None);
        }

        if (!seeded)
        {
            throw Lost(source, count, $"their owner {source.Owner} does not hold them");
        }
    }

    /// <summary>Lets another sequence hold shards too.</summary>
    /// <exception cref="ShardLostException">An owner does not answer.</exception>
    public async ValueTask RetainAsync(IReadOnlyList<ShardEntry> shards, Guid holder)
    {
        if (links.IsDurable)
        {
            // Holds are in the store, which every silo reaches.
            await links.Shards.Registry.RetainAsync(shards.Select(static s => s.Id), holder, CancellationToken.None);
            return;
        }

        foreach (IGrouping<OwnerId, ShardEntry> owned in shards.GroupBy(static s => s.Owner))
        {
            try
            {
                await _gateway.RetainAsync(owned.Key, [.. owned.Select(static s => s.Id)], holder, CancellationToken.None);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                throw Lost(owned.First(), sequence.Spec.Value.ShardLength, $"their owner {owned.Key} does not answer", e);
            }
        }
    }

    /// <summary>
    /// Lets shards go. A silo that cannot be told has nothing to give back, or gives it back when it ends; what is stored this silo gives back
    /// itself.
    /// </summary>
    public static Task ReleaseAsync(ClusterLinks links, IEnumerable<ShardEntry> shards, Guid holder) => Task.WhenAll(shards.GroupBy(static s => s.Owner).Select(async owned =>
    {
        try
        {
            if (!links.Silos.IsDead(owned.Key))
            {
                await links.Silos.Host(owned.Key).ReleaseAsync(Refs(owned), holder).WaitAsync(links.Times.Probe, links.Times.Time);
                return;
            }
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See above.
        }

        if (links.IsDurable)
        {
            await links.Shards.Registry.ReleaseAsync([.. owned.Select(static s => s.Id)], holder, CancellationToken.None);
        }
    }));

    /// <summary>Bytes of shards in memory, on all silos that answer.</summary>
    public async Task<long> ResidentBytesAsync(IEnumerable<ShardEntry> shards)
    {
        long[] bytes = await Task.WhenAll(shards.GroupBy(static s => s.Owner).Select(async owned =>
        {
            try
            {
                return links.Silos.IsDead(owned.Key) ? 0 : await links.Silos.Host(owned.Key).GetResidentBytesAsync(Refs(owned)).WaitAsync(links.Times.Probe);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                return 0;
            }
        }));
        return bytes.Sum();
    }

    private static ShardRef[] Refs(IEnumerable<ShardEntry> shards) => [.. shards.Select(static s => EngineWire.ToRef(s.Id))];

    private ShardLostException Lost(ShardEntry shard, int count, string why, Exception? cause = null)
    {
        long start = (long)shard.Id.Index * sequence.Spec.Value.ShardLength;
        return new ShardLostException(new SequenceId(sequence.Name), new PositionRange(start, start + count), why, cause);
    }
}
