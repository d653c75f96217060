using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Verifying;

/// <summary>What the ledgers want of one shard.</summary>
internal sealed class ShardUse
{
    private readonly List<LedgerRecord> _users = [];

    /// <summary>The sequences that need it.</summary>
    public IReadOnlyList<LedgerRecord> Users => _users;

    /// <summary>Rows of it that are committed.</summary>
    public int RequiredRows { get; private set; }

    /// <summary>Who needs what.</summary>
    public static Dictionary<ShardId, ShardUse> Of(IEnumerable<LedgerRecord> ledgers)
    {
        Dictionary<ShardId, ShardUse> uses = [];
        foreach (LedgerRecord ledger in ledgers)
        {
            foreach (ShardEntry shard in ledger.Shards)
            {
                if (RowsOf(ledger, shard.Id) is > 0 and int rows)
                {
                    if (!uses.TryGetValue(shard.Id, out ShardUse? use))
                    {
                        uses.Add(shard.Id, use = new ShardUse());
                    }

                    use._users.Add(ledger);
                    use.RequiredRows = Math.Max(use.RequiredRows, rows);
                }
            }
        }

        return uses;
    }

    /// <summary>Rows of a shard that a sequence has committed; 0 if it has not that shard.</summary>
    public static int RowsOf(LedgerRecord ledger, ShardId shard) =>
        shard.Index < ledger.Shards.Length && ledger.Shards[shard.Index].Id == shard
            ? (int)Math.Clamp(ledger.Length - ((long)shard.Index * ledger.Spec.ShardLength), 0, ledger.Spec.ShardLength)
            : 0;
}
