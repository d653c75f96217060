using DistAttention.Engine.Ledger;
using DistAttention.Storage.Tests.Ledgers;

namespace DistAttention.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresLedgerTests(PostgresServer postgres)
{
    [PostgresFact]
    public async Task ARecordComesBackWhole()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        LedgerRecord record = LedgerRecords.Make("a-name/with:all.of_it", 5) with { Epoch = 3, Fence = 9L << 32 };
        Assert.Equal(1, await storage.Ledgers.CompareAndSwapAsync(record, 0, default));
        await using PostgresStorage other = await database.OpenAsync();
        VersionedLedger read = (await other.Ledgers.ReadAsync(record.Id, default))!;
        LedgerRecords.AssertSame(record, read.Record);
        Assert.Equal(1, read.Version);
        Assert.Null(await other.Ledgers.ReadAsync("none", default));
        Assert.True(await other.Ledgers.IsCurrentAsync(record.Id, 1, default));
        Assert.False(await other.Ledgers.IsCurrentAsync(record.Id, 2, default));
        Assert.False(await other.Ledgers.IsCurrentAsync("none", 1, default));
        await storage.Ledgers.DeleteAsync(record.Id, 1, default);
        Assert.False(await other.Ledgers.IsCurrentAsync(record.Id, 2, default));
    }

    [PostgresFact]
    public async Task OfManyWritersOneWinsEachVersion()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        LedgerRecord record = LedgerRecords.Make("s", 0);
        PostgresStorage[] silos = [await database.OpenAsync(), await database.OpenAsync(), await database.OpenAsync()];
        for (long version = 0; version < 20; version++)
        {
            long?[] won = await Task.WhenAll(silos.Select((silo, i) => silo.Ledgers.CompareAndSwapAsync(record with { Fence = i }, version, default).AsTask()));
            Assert.Equal(version + 1, Assert.Single(won, static w => w is not null));
            Assert.Equal(Array.FindIndex(won, static w => w is not null), (await silos[0].Ledgers.ReadAsync("s", default))!.Record.Fence);
        }

        Assert.Null(await silos[0].Ledgers.CompareAndSwapAsync(record, 7, default));
        Assert.False(await silos[0].Ledgers.DeleteAsync("s", 7, default));
        await Task.WhenAll(silos.Select(static s => s.DisposeAsync().AsTask()));
    }

    [PostgresFact]
    public async Task ThousandsOfChangesAreReadBackAndEachIsSmall()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        LedgerRecord record = LedgerRecords.Make("s", 0);
        long version = 0;
        for (int i = 0; i < 3300; i++)
        {
            record = record.Next(i);
            version = (await storage.Ledgers.CompareAndSwapAsync(record, version, default))!.Value;
        }

        await using PostgresStorage other = await database.OpenAsync();
        VersionedLedger read = (await other.Ledgers.ReadAsync("s", default))!;
        LedgerRecords.AssertSame(record, read.Record);
        Assert.Equal(version, read.Version);
        Assert.True(await database.AskAsync<int>("SELECT max(length(entry)) FROM distattention.ledger_entries WHERE version > (SELECT base FROM distattention.ledgers)") < 256);
        Assert.True(await database.AskAsync<long>("SELECT sum(length(entry)) FROM distattention.ledger_entries") < 600_000);
    }

    [PostgresFact]
    public async Task ADeletedLedgerIsGoneAndItsOldOwnerStaysFenced()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        long version = (await storage.Ledgers.CompareAndSwapAsync(LedgerRecords.Make("s", 4), 0, default))!.Value;
        Assert.True(await storage.Ledgers.DeleteAsync("s", version, default));
        Assert.Null(await storage.Ledgers.ReadAsync("s", default));
        Assert.Empty(await storage.Ledgers.ListAsync("", default).ToListAsync());
        Assert.Equal(0, await database.AskAsync<long>("SELECT count(*) FROM distattention.ledger_entries"));
        long? again = await storage.Ledgers.CompareAndSwapAsync(LedgerRecords.Make("s", 0), 0, default);
        Assert.True(again > version);
        Assert.Null(await storage.Ledgers.CompareAndSwapAsync(LedgerRecords.Make("s", 9), version, default));
        Assert.Null(await storage.Ledgers.CompareAndSwapAsync(LedgerRecords.Make("s", 9), 0, default));
    }

    [PostgresFact]
    public async Task NamesAreListedInOrdinalOrderByPrefix()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        string[] names = [.. Enumerable.Range(0, 1100).Select(static i => $"n/{i}"), "N/1", "n_1", "n", "m/x"];
        foreach (string name in names)
        {
            await storage.Ledgers.CompareAndSwapAsync(LedgerRecords.Make(name, 0), 0, default);
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), await storage.Ledgers.ListNamesAsync("", default).ToListAsync());
        Assert.Equal(
            names.Where(static n => n.StartsWith("n/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            await storage.Ledgers.ListAsync("n/", default).Select(static l => l.Id.Value).ToListAsync());
    }

    [PostgresTheory]
    [InlineData("UPDATE distattention.ledger_entries SET entry = set_byte(entry, 30, get_byte(entry, 30) # 4)")]
    [InlineData("UPDATE distattention.ledger_entries SET version = version + 7")]
    [InlineData("DELETE FROM distattention.ledger_entries WHERE version = 2")]
    [InlineData("DELETE FROM distattention.ledger_entries WHERE version = 3")]
    [InlineData("DELETE FROM distattention.ledger_entries")]
    [InlineData("UPDATE distattention.ledgers SET base = 2")]
    [InlineData("UPDATE distattention.ledger_entries SET name = 't'; UPDATE distattention.ledgers SET name = 't'")]
    public async Task WhatIsNotWhatWasWrittenIsRefused(string damage)
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        LedgerRecord record = LedgerRecords.Make("s", 0);
        for (int i = 0; i < 3; i++)
        {
            record = record.Next(i);
            Assert.NotNull(await storage.Ledgers.CompareAndSwapAsync(record, i, default));
        }

        await database.ExecuteAsync(damage);
        await using PostgresStorage other = await database.OpenAsync();
        StorageDamagedException damaged = await Assert.ThrowsAsync<StorageDamagedException>(async () => await other.Ledgers.ReadAsync(damage.Contains("'t'", StringComparison.Ordinal) ? "t" : "s", default));
        Assert.Contains("distattention.ledgers, '", damaged.File, StringComparison.Ordinal);
    }
}
