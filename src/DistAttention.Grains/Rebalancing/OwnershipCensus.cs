using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Rebalancing;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>Which silos there are, and who owns which shards, as ledgers, reports and memories say at about one moment.</summary>
/// <param name="Silos">The live silos.</param>
/// <param name="Shards">The shards that hold something committed.</param>
/// <param name="Ledgers">Who names a shard with that owner: forks share shards.</param>
/// <param name="Residents">What each silo has in memory, owned or not.</param>
internal sealed record OwnershipCensus(
    IReadOnlyList<SiloReport> Silos,
    IReadOnlyList<OwnedShard> Shards,
    IReadOnlyDictionary<ShardEntry, OwnershipCensus.Entry> Ledgers,
    IReadOnlyDictionary<OwnerId, IReadOnlySet<ShardId>> Residents)
{
    /// <summary>The silos, for planning.</summary>
    /// <param name="leaves">Which of them leave.</param>
    public IEnumerable<SiloRoom> Rooms(Func<OwnerId, bool> leaves) => Silos.Select(s => new SiloRoom(new OwnerId(s.Silo), s.BudgetBytes, leaves(new OwnerId(s.Silo))));

    /// <summary>A silo's name, as people know it.</summary>
    public string NameOf(OwnerId silo) => Silos.FirstOrDefault(s => s.Silo == silo.Value)?.Name ?? silo.Value;

    /// <summary>Puts it together.</summary>
    /// <param name="silos">The silos that answer.</param>
    /// <param name="residents">What each has in memory.</param>
    /// <param name="ledgers">The ledgers.</param>
    public static OwnershipCensus Of(IReadOnlyList<SiloReport> silos, IReadOnlyDictionary<OwnerId, ResidentShard[]> residents, IEnumerable<LedgerRecord> ledgers)
    {
        Dictionary<ShardEntry, Entry> named = [];
        foreach (LedgerRecord record in ledgers)
        {
            foreach ((OwnerId owner, FollowedShard shard) in FollowedShards.Of(record, new PositionRange(0, record.Length)))
            {
                ShardEntry key = new(shard.Id, owner);
                Entry entry = named.TryGetValue(key, out Entry? known) ? known : named[key] = new Entry(shard, []);
                entry.Ledgers.Add((record.Id, record.Uid));
                named[key] = entry with { Rows = entry.Rows.Rows >= shard.Rows ? entry.Rows : shard };
            }
        }

        Dictionary<ShardEntry, double> inMemory = residents
            .SelectMany(static silo => silo.Value.Select(r => (Key: new ShardEntry(EngineWire.ToId(r.Shard), silo.Key), r.Heat)))
            .ToDictionary(static r => r.Key, static r => r.Heat);
        OwnedShard[] shards = [.. named.Select(n => new OwnedShard(n.Key, n.Value.Rows.Bytes, !inMemory.ContainsKey(n.Key), inMemory.GetValueOrDefault(n.Key)))];
        return new OwnershipCensus(
            silos,
            shards,
            named,
            residents.ToDictionary(static r => r.Key, static r => (IReadOnlySet<ShardId>)r.Value.Select(static s => EngineWire.ToId(s.Shard)).ToHashSet()));
    }

    /// <summary>A shard and the ledgers that name it.</summary>
    /// <param name="Rows">What is committed of it.</param>
    /// <param name="Ledgers">The ledgers.</param>
    public sealed record Entry(FollowedShard Rows, List<(SequenceId Id, Guid Uid)> Ledgers);
}
