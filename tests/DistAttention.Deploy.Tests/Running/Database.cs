using DistAttention.Testing.Postgres;

namespace DistAttention.Deploy.Tests.Running;

/// <summary>One database server for several tests, started by the first that asks.</summary>
public sealed class Database : IAsyncLifetime
{
    private PrivatePostgres? _server;

    /// <summary>Makes an empty database.</summary>
    /// <returns>How Npgsql reaches it.</returns>
    public async Task<string> CreateAsync() => await (_server ??= await PrivatePostgres.StartAsync()).CreateDatabaseAsync();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
