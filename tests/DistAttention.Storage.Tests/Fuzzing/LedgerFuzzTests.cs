using System.Buffers.Binary;
using DistAttention.Engine.Ledger;
using DistAttention.Kernels;
using DistAttention.Storage.Ledgers;
using DistAttention.Storage.Logs;
using DistAttention.Storage.Postgres;
using DistAttention.Storage.Tests.Ledgers;

namespace DistAttention.Storage.Tests.Fuzzing;

/// <summary>Ledgers that are not what was written: as entries, in slots of a file, and in rows of a table.</summary>
public sealed class LedgerFuzzTests
{
    private static readonly LedgerRecord _first = LedgerRecords.Make("name/of-it", 40) with { Epoch = 3, Fence = 9L << 32 };
    private static readonly LedgerRecord _second = _first.Next(41);
    private static readonly byte[] _whole = LedgerCodec.Encode(_first);
    private static readonly byte[] _change = LedgerCodec.EncodeChange(_first, _second)!;

    [Fact]
    public void AnEntryIsAStateThatMakesSenseOrRefused()
    {
        FuzzRun.Run(static chance => Mutator.Mutate(_whole, chance), static bytes => RequireSense(Apply(null, bytes)));
        FuzzRun.Run(static chance => Mutator.Mutate(_change, chance), static bytes => RequireSense(Apply(_first, bytes)));
    }

    [Fact]
    public void SlotsAreReadRightOrRefused()
    {
        byte[] good = [.. LedgerSlots.Encode(7, _whole), .. LedgerSlots.Encode(8, _change)];
        FuzzRun.Run(
            chance => Mutator.Mutate(good, chance),
            static bytes =>
            {
                // Cut behind a whole entry it is an earlier state, which the ledger's store never takes for the latest: nothing else goes.
                LedgerFile? file = LedgerFile.Read("ledger", bytes);
                Assert.True(file is null or { Version: 7 or 8 });
                if (file is not null)
                {
                    LedgerRecords.AssertSame(file.Version == 7 ? _first : _second, file.Record!);
                }
            });
    }

    [Fact]
    public void SlotsWhoseChecksumsHoldAreNotBelievedAnything()
    {
        byte[] good = [.. LedgerSlots.Encode(7, _whole), .. LedgerSlots.Encode(8, _change)];
        FuzzRun.Run(
            chance =>
            {
                byte[] bytes = Mutator.Mutate(good, chance);
                for (int at = 0; at + LedgerSlots.SlotLength <= bytes.Length; at += LedgerSlots.SlotLength)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + 4), Crc32C.Of(bytes.AsSpan(at + 8, LedgerSlots.SlotLength - 8)));
                }

                return bytes;
            },
            static bytes => RequireSense(LedgerFile.Read("ledger", bytes)?.Record));
    }

    [Fact]
    public void RowsOfATableAreReadRightOrRefused()
    {
        byte[] good = LedgerEntry.Encode(7, _whole);
        FuzzRun.Run(
            chance => Mutator.Mutate(good, chance),
            bytes => Assert.Equal(good, LedgerEntry.Encode(7, LedgerEntry.Decode("ledgers", 7, bytes))));
        FuzzRun.Run(
            chance =>
            {
                byte[] bytes = Mutator.Mutate(good, chance);
                if (bytes.Length >= 16)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32C.Of(bytes.AsSpan(8)));
                }

                return bytes;
            },
            static bytes => RequireSense(LedgerHistory.Replay("ledgers", [(7, LedgerEntry.Decode("ledgers", 7, bytes))]).Record));
    }

    private static LedgerRecord? Apply(LedgerRecord? before, byte[] entry)
    {
        try
        {
            return LedgerCodec.Apply(before, entry);
        }
        catch (InvalidDataException e)
        {
            throw new StorageDamagedException("entry", 0, default, e.Message); // as everybody who calls it does
        }
    }

    private static void RequireSense(LedgerRecord? record)
    {
        if (record is null)
        {
            return;
        }

        int needed = LedgerSnapshot.ShardCount(record.Length, record.Spec.ShardLength);
        Assert.InRange(needed, 0, record.Shards.Length);
        Assert.InRange(record.Operations.Count, 0, OperationWindow.Capacity);
        Assert.NotEmpty(LedgerCodec.Encode(record));
    }
}
