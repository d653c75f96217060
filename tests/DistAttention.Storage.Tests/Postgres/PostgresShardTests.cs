using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresShardTests(PostgresServer postgres)
{
    private static readonly AttentionProblem _problem = new() { Seed = 311, NumHeadsKv = 1, HeadDim = 33, HeadDimV = 7, Length = 1000, KvType = KvDataType.BFloat16 };

    [PostgresFact]
    public async Task RowsComeBackWhateverTheOrderOfFences()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        ShardId shard = NewShard();
        await storage.Shards.AppendAsync(Write(shard, 0, 20, fence: 5), default);
        await storage.Shards.AppendAsync(Write(shard, 10, 20, fence: 7, shift: 500), default);
        await storage.Shards.AppendAsync(Write(shard, 5, 30, fence: 3, shift: 300), default); // late, of an older reservation
        float[] rows = await RowsAsync(storage, shard, 35);
        Assert.Equal(Enumerable.Range(0, 35).Select(static i => Stored(i < 10 ? i : i < 30 ? i + 500 : i + 300)), rows);
        Assert.Equal([5, 10], await storage.Shards.ReadAsync(shard, 25, 35, default).Select(static w => w.FirstIdx).ToListAsync()); // not [0, 20), which ends before
        Assert.Empty(await storage.Shards.ReadAsync(NewShard(), 0, 10, default).ToListAsync());
    }

    [PostgresFact]
    public async Task ManySmallAppendsShareTransactionsAndBigOnesAreCutIntoRecords()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        ShardId shard = NewShard();
        await storage.Shards.AppendAsync(Write(shard, 0, 1, fence: 1), default);
        long before = await database.AskAsync<long>("SELECT count(DISTINCT xmin::text) FROM distattention.records");
        await Task.WhenAll(Enumerable.Range(1, 400).Select(i => storage.Shards.AppendAsync(Write(shard, i, 1, fence: 1), default).AsTask()));
        Assert.InRange(await database.AskAsync<long>("SELECT count(DISTINCT xmin::text) FROM distattention.records"), 2, 150 + before);
        Assert.Equal(Enumerable.Range(0, 401).Select(Stored), await RowsAsync(storage, shard, 401));

        AttentionProblem big = new() { Seed = 312, HeadDim = 300, HeadDimV = 300, Length = 1024 };
        ShardId second = NewShard();
        await storage.Shards.AppendAsync(new ShardWrite(second, big.Spec(), 1, OperationId.New(), 0, 1024, big.K, big.V), default);
        Assert.Equal(big.K.Where(static (_, i) => i % 300 == 0), await RowsAsync(storage, second, 1024, 300));
        Assert.InRange(await database.AskAsync<long>("SELECT count(*) FROM distattention.records WHERE length(payload) > 100000"), 3, 10);
    }

    [PostgresFact]
    public async Task AForkSharesRowsAndKeepsThemAfterTheSourceIsGone()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        ShardId a = NewShard();
        ShardId b = NewShard();
        ShardId c = NewShard();
        await storage.Shards.AppendAsync(Write(a, 0, 30, fence: 1), default);
        await storage.Shards.AppendAsync(Write(a, 30, 30, fence: 1), default);
        await storage.Shards.SeedAsync(b, a, 20, default);
        await storage.Shards.AppendAsync(Write(b, 20, 10, fence: 2, shift: 100), default);
        await storage.Shards.SeedAsync(c, b, 25, default);
        await storage.Shards.SeedAsync(c, b, 25, default); // its acknowledgement was lost
        await storage.Shards.AppendAsync(Write(c, 25, 1, fence: 3, shift: 200), default);
        Assert.Equal(4, await RecordsAsync(database));

        Assert.True(await storage.Shards.ReleaseAsync(a, a.Sequence, default));
        Assert.Equal(3, await RecordsAsync(database)); // a's second record counts nowhere
        await Assert.ThrowsAsync<StaleWriteException>(async () => await storage.Shards.AppendAsync(Write(a, 60, 1, fence: 9), default));
        Assert.Equal("is not there, or no sequence holds it any more", (await Assert.ThrowsAsync<StorageException>(async () => await storage.Shards.SeedAsync(NewShard(), a, 3, default))).Problem);
        Assert.Equal(Enumerable.Range(0, 30).Select(static i => Stored(i < 20 ? i : i + 100)), await RowsAsync(storage, b, 30));

        Assert.True(await storage.Shards.ReleaseAsync(b, b.Sequence, default));
        Assert.True(await storage.Shards.ReleaseAsync(b, b.Sequence, default));
        Assert.Equal(Enumerable.Range(0, 26).Select(static i => Stored(i < 20 ? i : i < 25 ? i + 100 : i + 200)), await RowsAsync(storage, c, 26));

        Assert.True(await storage.Shards.ReleaseAsync(c, c.Sequence, default));
        Assert.Equal(0, await RecordsAsync(database));
        Assert.Equal(0, await database.AskAsync<long>("SELECT count(*) FROM distattention.shards"));
    }

    [PostgresFact]
    public async Task HoldsDecideWhenAShardGoes()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        ShardId shard = NewShard();
        Guid fork = Guid.NewGuid();
        await storage.Shards.AppendAsync(Write(shard, 0, 5, fence: 1), default);
        await storage.Shards.RetainAsync(shard, fork, default);
        await storage.Shards.RetainAsync(shard, fork, default);
        Assert.False(await storage.Shards.ReleaseAsync(shard, shard.Sequence, default));
        Assert.False(await storage.Shards.ReleaseAsync(shard, Guid.NewGuid(), default));
        Assert.Equal(5, (await RowsAsync(storage, shard, 5)).Length);
        Assert.True(await storage.Shards.ReleaseAsync(shard, fork, default));
        Assert.Empty(await storage.Shards.ListAsync(default).ToListAsync());
    }

    [PostgresFact]
    public async Task HoldsAndReleasesAtTheSameTimeLoseNothingThatIsHeld()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        for (int round = 0; round < 10; round++)
        {
            ShardId source = NewShard();
            await storage.Shards.AppendAsync(Write(source, 0, 10, fence: 1), default);
            ShardId[] forks = [.. Enumerable.Range(0, 6).Select(static _ => NewShard())];
            Task<bool>[] seeds = [.. forks.Select(async fork =>
            {
                try
                {
                    await storage.Shards.SeedAsync(fork, source, 4, default);
                    return true;
                }
                catch (StorageException)
                {
                    return false; // the source was let go of first
                }
            })];
            await Task.WhenAll([.. seeds, storage.Shards.ReleaseAsync(source, source.Sequence, default).AsTask()]);
            for (int i = 0; i < forks.Length; i++)
            {
                Assert.Equal(seeds[i].Result ? 4 : 0, (await RowsAsync(storage, forks[i], 0)).Length);
            }

            await Task.WhenAll(forks.Select(f => storage.Shards.ReleaseAsync(f, f.Sequence, default).AsTask()));
            Assert.Equal(0, await RecordsAsync(database));
        }
    }

    [PostgresFact]
    public async Task WhatNoSequenceHoldsIsSwept()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        ShardId live = NewShard();
        ShardId dead = NewShard();
        await storage.Shards.AppendAsync(Write(live, 0, 5, fence: 1), default);
        await storage.Shards.AppendAsync(Write(dead, 0, 5, fence: 1), default);
        HashSet<Guid> sequences = [live.Sequence];
        Assert.Equal(0, await storage.Shards.SweepAsync(sequences, TimeSpan.FromHours(1), default));
        Assert.Equal(1, await storage.Shards.SweepAsync(sequences, TimeSpan.FromSeconds(-1), default));
        Assert.Equal([live], await storage.Shards.ListAsync(default).ToListAsync());
    }

    [PostgresFact]
    public async Task EveryKindOfDamageIsNoticedAndNamed()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        string[] damages =
        [
            "UPDATE distattention.records SET payload = set_byte(payload, 40, get_byte(payload, 40) # 1)",
            "UPDATE distattention.records SET payload = substring(payload FROM 2)",
            "UPDATE distattention.records SET payload = payload || '\\x00'",
            "UPDATE distattention.records SET header = set_byte(header, 50, get_byte(header, 50) # 1)",
            "UPDATE distattention.records SET header = ''",
            "UPDATE distattention.records SET fence = fence + 1",
            "UPDATE distattention.records SET first_row = first_row - 1",
            "UPDATE distattention.records SET row_count = row_count + 1",
            "UPDATE distattention.records r SET header = (SELECT header FROM distattention.records o WHERE o.number <> r.number LIMIT 1)",
            "UPDATE distattention.shards SET header = set_byte(header, 41, 7)",
            "UPDATE distattention.shards SET generation = 99",
            "DELETE FROM distattention.records WHERE first_row = 10",
        ];
        foreach (string damage in damages)
        {
            ShardId shard = NewShard();
            await storage.Shards.AppendAsync(Write(shard, 0, 10, fence: 1), default);
            await storage.Shards.AppendAsync(Write(shard, 10, 10, fence: 1), default);
            await database.ExecuteAsync(damage);
            ShardId asked = damage.Contains("generation", StringComparison.Ordinal) ? shard with { Generation = 99 } : shard;
            StorageDamagedException damaged = await Assert.ThrowsAsync<StorageDamagedException>(() => RowsAsync(storage, asked, 20));
            Assert.Contains("distattention.", damaged.File, StringComparison.Ordinal);
            if (damage.Contains("get_byte(payload", StringComparison.Ordinal))
            {
                Assert.Equal(new PositionRange(3072, 3082), damaged.Positions);
                Assert.Contains("record 1 of shard row 1", damaged.File, StringComparison.Ordinal);
            }

            if (damage.StartsWith("DELETE", StringComparison.Ordinal))
            {
                Assert.Equal(new PositionRange(3082, 3092), damaged.Positions);
            }

            await database.ExecuteAsync("DELETE FROM distattention.records; DELETE FROM distattention.shards");
        }
    }

    [PostgresFact]
    public async Task ACancelledAppendLeavesTheQueueAndLaterOnesGoOn()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        ShardId shard = NewShard();
        using CancellationTokenSource cancelled = new();
        Task[] appends = [.. Enumerable.Range(0, 100).Select(i => storage.Shards.AppendAsync(Write(shard, i, 1, fence: 1), i % 2 == 1 ? cancelled.Token : default).AsTask())];
        await cancelled.CancelAsync();
        for (int i = 0; i < appends.Length; i++)
        {
            if (i % 2 == 0)
            {
                await appends[i];
            }
            else
            {
                await Record.ExceptionAsync(() => appends[i]);
                Assert.False(appends[i].IsFaulted);
            }
        }

        await storage.Shards.AppendAsync(Write(shard, 100, 1, fence: 1), default);
        Dictionary<int, float> rows = await ByRowAsync(storage, shard, 0, 33);
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal(Stored(2 * i), rows[2 * i]));
    }

    private static Task<long> RecordsAsync(PostgresDatabase database) => database.AskAsync<long>("SELECT count(*) FROM distattention.records");

    private static ShardId NewShard() => new(Guid.NewGuid(), 3, 1);

    private static async Task<float[]> RowsAsync(PostgresStorage storage, ShardId shard, int required, int stride = 33)
    {
        Dictionary<int, float> rows = await ByRowAsync(storage, shard, required, stride);
        return [.. Enumerable.Range(0, rows.Count).Select(i => rows[i])];
    }

    private static async Task<Dictionary<int, float>> ByRowAsync(PostgresStorage storage, ShardId shard, int required, int stride)
    {
        Dictionary<int, float> rows = [];
        await foreach (ShardWrite write in storage.Shards.ReadAsync(shard, 0, required, default))
        {
            for (int i = 0; i < write.Count; i++)
            {
                rows[write.FirstIdx + i] = write.K.Span[i * stride];
            }
        }

        return rows;
    }

    private static ShardWrite Write(ShardId shard, int first, int count, long fence, int shift = 0) =>
        new(shard, _problem.Spec(), fence, OperationId.New(), first, count, _problem.KRows(first + shift, count), _problem.VRows(first + shift, count));

    /// <summary>The first component of a row of K, as bfloat16 keeps it.</summary>
    private static float Stored(int row)
    {
        uint bits = BitConverter.SingleToUInt32Bits(_problem.K[row * 33]);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
