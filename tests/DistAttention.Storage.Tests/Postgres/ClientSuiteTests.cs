using DistAttention.Engine;

namespace DistAttention.Storage.Tests.Postgres;

/// <summary>An embedded client whose sequences are in a database, with so little memory that shards leave it all the time.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ClientSuiteTests(PostgresServer postgres) : IAsyncLifetime
{
    private PostgresStorage? _storage;
    private EmbeddedAttention? _client;

    public static IEnumerable<object[]> Cases => SuiteCases.All;

    public async Task InitializeAsync()
    {
        if (Testing.Postgres.PostgresBinaries.WhyNot is null)
        {
            _storage = await PostgresStorage.ConnectAsync(postgres.Server.ConnectionString());
            _client = new EmbeddedAttention(_storage.Configure(new EmbeddedOptions { ComputeThreads = 2, MemoryBudgetBytes = 24 << 20 }));
        }
    }

    public async Task DisposeAsync()
    {
        if (_client is { } client)
        {
            await client.DisposeAsync();
            await _storage!.DisposeAsync();
        }
    }

    [PostgresTheory]
    [MemberData(nameof(Cases))]
    public Task A_database_keeps_what_every_client_promises(string suite, string test, int row) => SuiteCases.RunAsync(_client!, suite, test, row);
}
