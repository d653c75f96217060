using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Ledgers;
using DistAttention.Storage.Postgres;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>Two states of a ledger that follow each other, as they are kept.</summary>
internal static class SomeLedger
{
    public static LedgerRecord First { get; } = Make(40);

    public static LedgerRecord Second { get; } = First with
    {
        Length = 41,
        Operations = First.Operations.Add(new OperationId(SeededGuids.Make(41)), new PositionRange(41, 42)),
    };

    public static byte[] Whole { get; } = LedgerCodec.Encode(First);

    public static byte[] Change { get; } = LedgerCodec.EncodeChange(First, Second)!;

    public static byte[] Slots { get; } = [.. LedgerSlots.Encode(7, Whole), .. LedgerSlots.Encode(8, Change)];

    public static byte[] Row { get; } = LedgerEntry.Encode(7, Whole);

    /// <summary>What any state has to be, wherever it comes from.</summary>
    public static void RequireSense(LedgerRecord? record)
    {
        if (record is null)
        {
            return;
        }

        int needed = LedgerSnapshot.ShardCount(record.Length, record.Spec.ShardLength);
        bool makesSense = needed >= 0 && needed <= record.Shards.Length && record.Operations.Count <= OperationWindow.Capacity && LedgerCodec.Encode(record).Length > 0;
        if (!makesSense)
        {
            throw new FuzzFailureException($"a ledger of {record.Length} positions, {record.Shards.Length} shards and {record.Operations.Count} operations");
        }
    }

    /// <summary>Whether two states are the same.</summary>
    public static bool AreSame(LedgerRecord left, LedgerRecord right) => LedgerCodec.Encode(left).AsSpan().SequenceEqual(LedgerCodec.Encode(right));

    private static LedgerRecord Make(int operations)
    {
        Guid uid = SeededGuids.Make(1000);
        OperationWindow window = OperationWindow.Empty;
        for (int i = 0; i < operations; i++)
        {
            window = window.Add(new OperationId(SeededGuids.Make(i)), new PositionRange(i, i + 1));
        }

        return new LedgerRecord
        {
            Id = "name/of-it",
            Uid = uid,
            Spec = new SequenceSpec { HeadDim = 64, NumHeadsKv = 2, NumHeadsQ = 8, KvType = KvDataType.Float16, ExpectedLength = 77 },
            Length = operations,
            Epoch = 3,
            Fence = 9L << 32,
            Shards = [new ShardEntry(new ShardId(uid, 0, 7), OwnerId.Local), new ShardEntry(new ShardId(SeededGuids.Make(1001), 1, 8), new OwnerId("S10.0.0.1:1111:2"))],
            Operations = window,
        };
    }
}

/// <summary>An entry is a state that makes sense, or refused.</summary>
internal sealed class LedgerEntryTarget : FuzzTarget
{
    private readonly Mutator _whole = new([SomeLedger.Whole]);
    private readonly Mutator _change = new([SomeLedger.Change]);

    public override byte[] Make(Random chance) => chance.Next(2) == 0 ? [0, .. _whole.Make(chance)] : [1, .. _change.Make(chance)];

    public override void Read(byte[] input) =>
        SomeLedger.RequireSense(LedgerCodec.Apply(input is [1, ..] ? SomeLedger.First : null, input.AsMemory(Math.Min(1, input.Length)).ToArray()));

    /// <summary>Everybody who calls the codec turns it into an error that names the file.</summary>
    public override bool IsRefusal(Exception error) => error is InvalidDataException || base.IsRefusal(error);
}

/// <summary>Slots of a file are one of the states that were written, or refused.</summary>
internal sealed class LedgerSlotsTarget : FuzzTarget
{
    private readonly Mutator _mutator = new([SomeLedger.Slots]);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input)
    {
        // Cut behind a whole entry it is an earlier state, which the ledger's store never takes for the latest: nothing else goes.
        if (LedgerFile.Read("ledger", input) is { } file)
        {
            Require(file.Version is 7 or 8, $"version {file.Version} was never written");
            Require(SomeLedger.AreSame(file.Version == 7 ? SomeLedger.First : SomeLedger.Second, file.Record!), "a state that was never written");
        }
    }
}

/// <summary>Slots whose checksums hold.</summary>
internal sealed class SealedLedgerSlotsTarget : FuzzTarget
{
    private readonly Mutator _mutator = new([SomeLedger.Slots]);

    public override byte[] Make(Random chance)
    {
        byte[] bytes = _mutator.Make(chance);
        for (int at = 0; at + LedgerSlots.SlotLength <= bytes.Length; at += LedgerSlots.SlotLength)
        {
            Checksums.Set(bytes.AsSpan(at), 4, bytes.AsSpan(at + 8, LedgerSlots.SlotLength - 8));
        }

        return bytes;
    }

    public override void Read(byte[] input) => SomeLedger.RequireSense(LedgerFile.Read("ledger", input)?.Record);
}

/// <summary>A row of the table of ledgers is what was written, or refused.</summary>
internal sealed class LedgerRowTarget : FuzzTarget
{
    private readonly Mutator _mutator = new([SomeLedger.Row]);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input) =>
        Require(SomeLedger.Row.AsSpan().SequenceEqual(LedgerEntry.Encode(7, LedgerEntry.Decode("ledgers", 7, input))), "a row that was never written");
}

/// <summary>A row of the table of ledgers whose checksum holds.</summary>
internal sealed class SealedLedgerRowTarget : FuzzTarget
{
    private readonly Mutator _mutator = new([SomeLedger.Row]);

    public override byte[] Make(Random chance)
    {
        byte[] bytes = _mutator.Make(chance);
        if (bytes.Length >= 16)
        {
            Checksums.Set(bytes, 4, bytes.AsSpan(8));
        }

        return bytes;
    }

    public override void Read(byte[] input) => SomeLedger.RequireSense(LedgerHistory.Replay("ledgers", [(7, LedgerEntry.Decode("ledgers", 7, input))]).Record);
}
