using Npgsql;

namespace DistAttention.Storage.Postgres;

/// <summary>
/// A PostgreSQL database: connections from a pool, errors as <see cref="StorageException"/>, and what may be repeated is
/// repeated a few times while the server restarts.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    private static readonly TimeSpan[] _pauses = [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1)];

    private readonly NpgsqlDataSource _source;

    private Database(NpgsqlDataSource source, string name)
    {
        _source = source;
        Name = name;
    }

    /// <summary>What messages call it: server and database, nothing secret.</summary>
    public string Name { get; }

    /// <summary>Reads a connection string. Nothing is connected yet.</summary>
    /// <param name="connectionString">As Npgsql takes it.</param>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static Database Of(string connectionString)
    {
        try
        {
            NpgsqlConnectionStringBuilder builder = new(connectionString) { ApplicationName = "distattn", Enlist = false };

            // What is acknowledged is on the device, whatever the server's default is; only who connects may say otherwise.
            if (builder.Options?.Contains("synchronous_commit", StringComparison.Ordinal) is not true)
            {
                builder.Options = $"{builder.Options} -c synchronous_commit=on".TrimStart();
            }

            return new Database(NpgsqlDataSource.Create(builder), $"postgres://{builder.Host}:{builder.Port}/{builder.Database ?? builder.Username}");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException or InvalidOperationException or NotSupportedException)
        {
            // Neither the text nor the cause is passed on: with a quote forgotten, a password is taken for a keyword.
            throw new StorageException("postgres", "has a connection string that cannot be read: Host=…;Database=…;Username=…;Password=… is expected, with values that hold ';' in quotes");
        }
    }

    /// <summary>How messages call a table.</summary>
    public string Table(string table) => $"{Name} {Schema.Name}.{table}";

    /// <summary>Runs work on a connection of its own.</summary>
    /// <param name="place">For messages: a table.</param>
    /// <param name="work">The work; a transaction that it has not committed is rolled back.</param>
    /// <param name="mayRepeat">Whether doing it twice is doing it once, so that it is tried again after a transient failure.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async ValueTask<T> RunAsync<T>(string place, Func<NpgsqlConnection, ValueTask<T>> work, bool mayRepeat, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await RunOnceAsync(place, work, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException e) when (mayRepeat && e.IsTransient && attempt < _pauses.Length)
            {
                // Random pauses: those who failed together should not come back together.
                await Task.Delay(_pauses[attempt] * (0.5 + Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Opens a connection for work that returns piece by piece.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) =>
        GuardAsync(Name, () => _source.OpenConnectionAsync(cancellationToken));

    /// <summary>Runs one step of such work.</summary>
    public static async ValueTask<T> GuardAsync<T>(string place, Func<ValueTask<T>> step)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception e) when (DatabaseErrors.IsOfDatabase(e))
        {
            throw DatabaseErrors.Translate(place, e);
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async ValueTask<T> RunOnceAsync<T>(string place, Func<NpgsqlConnection, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await GuardAsync(place, () => work(connection)).ConfigureAwait(false);
        }
    }
}
