using DistAttention.Engine;
using DistAttention.Testing.Postgres;
using Npgsql;

namespace DistAttention.Storage.Tests.Postgres;

/// <summary>A database of its own for one test, with a way behind the program's back.</summary>
internal sealed class PostgresDatabase(string connectionString) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    public string ConnectionString { get; } = connectionString;

    public static async Task<PostgresDatabase> CreateAsync(PostgresServer postgres) => new(await postgres.Server.CreateDatabaseAsync());

    public ValueTask<PostgresStorage> OpenAsync() => PostgresStorage.ConnectAsync(ConnectionString);

    public async Task WithClientAsync(Func<EmbeddedAttention, Task> use)
    {
        await using PostgresStorage storage = await OpenAsync();
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2 }));
        await use(client);
    }

    public async Task<T> AskAsync<T>(string sql)
    {
        await using NpgsqlCommand command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = _source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
