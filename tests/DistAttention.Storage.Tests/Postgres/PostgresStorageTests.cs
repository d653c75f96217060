using DistAttention.Engine;
using DistAttention.Storage.Tests.Clients;
using DistAttention.Testing.Postgres;
using Npgsql;

namespace DistAttention.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresStorageTests(PostgresServer postgres)
{
    private static readonly AttentionProblem _problem = new() { Seed = 313, NumHeadsKv = 2, GroupSize = 2, HeadDim = 24, HeadDimV = 8, Length = 3000, Rows = 5, Mask = AttentionMask.Causal };

    [PostgresFact]
    public async Task SilosThatStartAtOnceMakeTheTablesOnce()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        StorageException empty = await Assert.ThrowsAsync<StorageException>(async () => await PostgresStorage.ConnectAsync(database.ConnectionString, create: false));
        Assert.Equal("holds no sequences of this program", empty.Problem);
        for (int round = 0; round < 4; round++)
        {
            await database.ExecuteAsync("DROP SCHEMA IF EXISTS distattention CASCADE");
            PostgresStorage[] silos = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.OpenAsync().AsTask()));
            Assert.Equal(1, await database.AskAsync<int>("SELECT max(version) FROM distattention.schema_version"));
            await Task.WhenAll(silos.Select(static s => s.DisposeAsync().AsTask()));
        }

        await (await PostgresStorage.ConnectAsync(database.ConnectionString, create: false)).DisposeAsync();
    }

    [PostgresFact]
    public async Task TablesOfANewerBuildAreRefused()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await (await database.OpenAsync()).DisposeAsync();
        await database.ExecuteAsync("UPDATE distattention.schema_version SET version = 9");
        StorageException newer = await Assert.ThrowsAsync<StorageException>(async () => await database.OpenAsync());
        Assert.Equal("has version 9 of the tables; this build reads up to version 1", newer.Problem);
        Assert.False(newer.IsTransient);
    }

    [PostgresTheory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public async Task AnotherProcessAnswersWithTheSameBits(KvDataType type)
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        AttentionProblem problem = _problem with { KvType = type };
        await database.WithClientAsync(async client => await (await client.CreateSequenceAsync("s", problem.Spec())).AppendRowsAsync(problem, 0, problem.Length, 1, 300, 7));
        await database.WithClientAsync(async client =>
        {
            IAttentionSequence sequence = await client.OpenSequenceAsync("s");
            Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q, problem.Options())).Digest());
        });
    }

    [PostgresFact]
    public async Task ForksOfForksAndTruncationsShareRowsAndSpaceComesBack()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await database.WithClientAsync(async client =>
        {
            IAttentionSequence sequence = await client.FillNamedAsync("a", _problem);
            IAttentionSequence b = await sequence.ForkAsync("b", 1300);
            await b.AppendRowsAsync(_problem, 1300, 100);
            IAttentionSequence c = await b.ForkAsync("c", 1390);
            await c.AppendRowsAsync(_problem, 1390, 5);
            await c.TruncateAsync(1200);
            await c.AppendRowsAsync(_problem, 1200, 1800, 77);
            await client.DeleteSequenceAsync("a");
            await client.DeleteSequenceAsync("b");
        });
        await database.WithClientAsync(async client =>
        {
            IAttentionSequence c = await client.OpenSequenceAsync("c");
            Assert.Equal(_problem.KernelDigest(), (await c.AttendAsync(_problem.Q, _problem.Options())).Digest());
            await client.DeleteSequenceAsync("c");
        });
        Assert.Equal(0, await database.AskAsync<long>("SELECT (SELECT count(*) FROM distattention.records) + (SELECT count(*) FROM distattention.shards) + (SELECT count(*) FROM distattention.seeds)"));
    }

    [PostgresFact]
    public async Task DecodingWithManyTruncationsKeepsNoMoreThanIsNeeded()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await database.WithClientAsync(async client =>
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
            await sequence.AppendRowsAsync(_problem, 0, 100);
            for (int i = 0; i < 30; i++)
            {
                await sequence.AppendRowsAsync(_problem, 100 + i, 10); // a guess of ten tokens, of which one is right
                await sequence.TruncateAsync(101 + i);
            }

            Assert.Equal((_problem with { Length = 130 }).PrefixDigest(_problem), (await sequence.AttendAsync(_problem.Q, _problem.Options())).Digest());
        });
        Assert.InRange(await database.AskAsync<long>("SELECT count(*) FROM distattention.records"), 31, 32);
    }

    [PostgresFact]
    public async Task ASecondProcessThatTakesOverFencesTheFirst()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await database.WithClientAsync(async old =>
        {
            IAttentionSequence before = await old.CreateSequenceAsync("s", _problem.Spec());
            await before.AppendRowsAsync(_problem, 0, 1000);
            await database.WithClientAsync(async young =>
            {
                IAttentionSequence after = await young.OpenSequenceAsync("s");
                await after.AppendRowsAsync(_problem, 1000, 1000);
                await Assert.ThrowsAnyAsync<DistAttentionException>(() => before.AppendRowsAsync(_problem, 1000, 10));
                await after.AppendRowsAsync(_problem, 2000, 1000);
                Assert.Equal(_problem.KernelDigest(), (await after.AttendAsync(_problem.Q, _problem.Options())).Digest());
            });
        });
    }

    [PostgresFact]
    public async Task WhatIsAcknowledgedSurvivesTheServersDeathAndWorkGoesOn()
    {
        await using PrivatePostgres server = await PrivatePostgres.StartAsync();
        await using PostgresStorage storage = await PostgresStorage.ConnectAsync(server.ConnectionString());
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2 }));
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        int acknowledged = 0;
        bool stop = false;
        Exception? failure = null;
        Task appending = Task.Run(async () =>
        {
            while (!Volatile.Read(ref stop))
            {
                try
                {
                    await sequence.AppendRowsAsync(_problem, acknowledged, 1);
                    acknowledged++;
                }
                catch (DistAttentionException e) when (e.IsTransient)
                {
                    failure = e;
                    await Task.Delay(20); // the server being restarted tells nobody: it has to be asked
                    sequence = await ReopenAsync();
                    acknowledged = (int)(await sequence.GetInfoAsync()).Length;
                }
            }
        });
        await Task.Delay(300); // appends are under way: the test holds wherever the kill falls
        await server.KillAsync();
        await Task.Delay(100); // long enough for an append to meet a server that is gone
        await server.ResumeAsync();
        await Task.Delay(500); // appends go on after it is back
        Volatile.Write(ref stop, true);
        await appending;
        await using PostgresStorage other = await PostgresStorage.ConnectAsync(server.ConnectionString());
        await using EmbeddedAttention fresh = new(other.Configure(new EmbeddedOptions { ComputeThreads = 2 }));
        IAttentionSequence reopened = await fresh.OpenSequenceAsync("s");
        long length = (await reopened.GetInfoAsync()).Length;
        Assert.True(length >= acknowledged && acknowledged > 0, $"{acknowledged} acknowledged, {length} there; {failure?.Message}");
        Assert.Equal((_problem with { Length = (int)length }).PrefixDigest(_problem), (await reopened.AttendAsync(_problem.Q, _problem.Options())).Digest());

        // A ledger that lost a race with its own lost acknowledgement steps down; the embedded client takes it over anew.
        async Task<IAttentionSequence> ReopenAsync()
        {
            while (true)
            {
                try
                {
                    EmbeddedAttention next = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1 }));
                    return await next.OpenSequenceAsync("s");
                }
                catch (DistAttentionException e) when (e.IsTransient)
                {
                    await Task.Delay(20); // the server being restarted tells nobody: it has to be asked
                }
            }
        }
    }

    [Theory]
    [InlineData("Host=/nowhere;Password=s3cret;Timeout=1", true, "cannot be reached")]
    [InlineData("Host=127.0.0.1;Port=1;Password=s3cret;Timeout=1", true, "cannot be reached")]
    [InlineData("Host=127.0.0.1;Password=before;s3cret=after", false, "connection string that cannot be read")]
    [InlineData("Host=127.0.0.1;Port=s3cret", false, "connection string that cannot be read")]
    public async Task WhatCannotBeReachedIsTypedAndTellsNoSecret(string connectionString, bool isTransient, string problem)
    {
        StorageException error = await Assert.ThrowsAsync<StorageException>(async () => await PostgresStorage.ConnectAsync(connectionString));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(isTransient, error.IsTransient);
    }

    [PostgresFact]
    public async Task WhatTheServerRefusesIsTypedAndNotTransient()
    {
        StorageException error = await Assert.ThrowsAsync<StorageException>(async () => await PostgresStorage.ConnectAsync(postgres.Server.ConnectionString("none") + ";Password=s3cret"));
        Assert.Contains("database \"none\" does not exist (3D000)", error.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [PostgresFact]
    public async Task CommitsWaitForTheDeviceWhateverTheServersDefaultIs()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        string name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;
        await postgres.Server.ExecuteAsync($"ALTER DATABASE {name} SET synchronous_commit = off");
        await using Storage.Postgres.Database own = Storage.Postgres.Database.Of(database.ConnectionString);
        await using NpgsqlConnection connection = await own.OpenAsync(default);
        await using NpgsqlCommand command = new("SHOW synchronous_commit", connection);
        Assert.Equal("on", await command.ExecuteScalarAsync());
    }
}
