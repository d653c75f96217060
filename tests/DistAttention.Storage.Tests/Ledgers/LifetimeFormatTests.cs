using DistAttention.Engine.Ledger;
using DistAttention.Storage.Ledgers;

namespace DistAttention.Storage.Tests.Ledgers;

/// <summary>Times to live as they are stored: what earlier builds wrote is read as before, and they read what needs none.</summary>
public sealed class LifetimeFormatTests
{
    /// <summary>A state as the build before times to live wrote it.</summary>
    private const string Earlier =
        "AQFzDw4NDAsKCQgHBgUEAwIBAAEIAAAAAgAAAEAAAABAAAAAAQBAAAAGY2F1c2FsTQAAAAAAAAABAAAAAAAAAAAAAwAAAAAAAAAAAAAAAAAAAAkAAAAAAAAAAAAAAAAAAAAAAAA=";

    private static readonly DateTimeOffset _used = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Fact]
    public void WhatHasNoTimeToLiveIsWrittenAsBefore()
    {
        LedgerRecord record = new()
        {
            Id = "s",
            Uid = new Guid([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            Spec = new SequenceSpec { HeadDim = 64, NumHeadsKv = 2, NumHeadsQ = 8, KvType = KvDataType.Float16, ExpectedLength = 77 },
            Epoch = 3,
            Fence = 9,
        };
        Assert.Equal(Earlier, Convert.ToBase64String(LedgerCodec.Encode(record)));
        LedgerRecords.AssertSame(record, LedgerCodec.Apply(null, Convert.FromBase64String(Earlier))!);
    }

    [Fact]
    public void ATimeToLiveAndTheLastUseComeBack()
    {
        LedgerRecord made = LedgerRecords.Make("s", 5);
        LedgerRecord record = made with { Spec = made.Spec with { TimeToLive = TimeSpan.FromDays(7) }, UsedAt = _used };
        LedgerRecord whole = LedgerCodec.Apply(null, LedgerCodec.Encode(record))!;
        LedgerRecords.AssertSame(record, whole);
        LedgerRecord later = record.Next(6) with { UsedAt = _used.AddDays(3) };
        LedgerRecords.AssertSame(later, LedgerCodec.Apply(whole, LedgerCodec.EncodeChange(record, later)!)!);
        Assert.Throws<InvalidDataException>(() => LedgerCodec.Apply(null, LedgerCodec.Encode(record)[..^1]));
    }
}
