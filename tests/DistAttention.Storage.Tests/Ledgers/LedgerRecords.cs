using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Tests.Ledgers;

/// <summary>Ledgers to keep, and whether what came back is what was kept.</summary>
internal static class LedgerRecords
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 64, NumHeadsKv = 2, NumHeadsQ = 8, KvType = KvDataType.Float16, ExpectedLength = 77 };

    public static LedgerRecord Make(string name, int operations)
    {
        Guid uid = Guid.NewGuid();
        OperationWindow window = OperationWindow.Empty;
        for (int i = 0; i < operations; i++)
        {
            window = window.Add(OperationId.New(), new PositionRange(i, i + 1));
        }

        return new LedgerRecord
        {
            Id = name,
            Uid = uid,
            Spec = _spec,
            Length = operations,
            Shards = [new ShardEntry(new ShardId(uid, 0, 7), OwnerId.Local), new ShardEntry(new ShardId(Guid.NewGuid(), 1, 8), new OwnerId("S10.0.0.1:1111:2"))],
            Operations = window,
        };
    }

    /// <summary>The i-th state of a sequence that grows by one row at a time.</summary>
    public static LedgerRecord Next(this LedgerRecord record, int i) => record with
    {
        Length = i,
        Operations = record.Operations.Add(OperationId.New(), new PositionRange(i, i + 1)),
        Shards = i % 500 == 0 ? record.Shards.Add(new ShardEntry(new ShardId(record.Uid, record.Shards.Length, i), new OwnerId($"silo-{i}"))) : record.Shards,
    };

    public static void AssertSame(LedgerRecord expected, LedgerRecord actual)
    {
        Assert.Equal(expected.Shards.ToArray(), actual.Shards.ToArray());
        Assert.Equal(expected.Operations.Oldest, actual.Operations.Oldest);
        Assert.Equal(expected.Operations.Total, actual.Operations.Total);
        Assert.Equal(expected with { Shards = [], Operations = OperationWindow.Empty }, actual with { Shards = [], Operations = OperationWindow.Empty });
    }
}
