using DistAttention.Engine;
using DistAttention.Storage.Tests.Postgres;

namespace DistAttention.Storage.Tests.Clients;

/// <summary>Sequences that are kept end some time after their last use, whichever process looks, and give their space back.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ExpiryTests(PostgresServer postgres) : IDisposable
{
    private static readonly TimeSpan _ttl = TimeSpan.FromDays(16);
    private static readonly AttentionProblem _problem = new() { Seed = 331, Length = 2500, Rows = 4 };

    private readonly TempFolder _folder = new();
    private readonly ShiftedTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task InAFolder()
    {
        await RunAsync(() => Task.FromResult<DurableStorage>(new FileStorage(_folder.Path)));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.kvlog", SearchOption.AllDirectories)); // ending, a client ends its sweep in order
    }

    [PostgresFact]
    public async Task InADatabase()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await RunAsync(async () => await database.OpenAsync());
    }

    private async Task RunAsync(Func<Task<DurableStorage>> open)
    {
        string expected = _problem.KernelDigest();
        await WithClientAsync(open, async client =>
        {
            IAttentionSequence parent = await client.CreateSequenceAsync("parent", _problem.Spec() with { TimeToLive = _ttl });
            await parent.AppendRowsAsync(_problem, 0, _problem.Length);
            await parent.ForkAsync("fork");
        });

        _time.Advance(_ttl);
        await WithClientAsync(open, async client => Assert.Equal(expected, (await (await client.OpenSequenceAsync("fork")).AttendAsync(_problem.Q)).Digest()));
        _time.Advance(TimeSpan.FromDays(1)); // uses are noted to a sixteenth
        await WithClientAsync(open, async client =>
        {
            await Assert.ThrowsAsync<SequenceNotFoundException>(() => client.OpenSequenceAsync("parent"));
            await client.CreateSequenceAsync("parent", _problem.Spec()); // deletes the earlier one
            await client.DeleteSequenceAsync("parent");
            Assert.Equal(expected, (await (await client.OpenSequenceAsync("fork")).AttendAsync(_problem.Q)).Digest());
        });

        _time.Advance(_ttl + TimeSpan.FromDays(1));
        await WithClientAsync(open, async client =>
        {
            await client.CreateSequenceAsync("next", _problem.Spec() with { TimeToLive = _ttl }); // begins to sweep
            DurableStorage storage = await open();
            await using (storage)
            {
                while (await storage.Ledgers.ReadAsync("fork", default) is not null)
                {
                    await Task.Delay(10); // the sweep runs beside this
                }
            }
        });
    }

    private async Task WithClientAsync(Func<Task<DurableStorage>> open, Func<IAttentionClient, Task> run)
    {
        DurableStorage storage = await open();
        await using (storage)
        {
            await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1, TimeProvider = _time, ExpirySweepInterval = TimeSpan.FromMilliseconds(20) }));
            await run(client);
        }
    }
}
