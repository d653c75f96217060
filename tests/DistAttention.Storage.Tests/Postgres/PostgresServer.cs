using DistAttention.Testing.Postgres;

namespace DistAttention.Storage.Tests.Postgres;

/// <summary>One server for all tests of the collection; each takes a database of its own.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private PrivatePostgres? _server;

    public PrivatePostgres Server => _server ?? throw new InvalidOperationException(PostgresBinaries.WhyNot);

    public async Task InitializeAsync() => _server = PostgresBinaries.WhyNot is null ? await PrivatePostgres.StartAsync() : null;

    public async Task DisposeAsync()
    {
        if (_server is { } server)
        {
            await server.DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
