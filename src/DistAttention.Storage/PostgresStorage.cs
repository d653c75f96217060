using DistAttention.Storage.Postgres;
using DistAttention.Storage.Verifying;

namespace DistAttention.Storage;

/// <summary>A PostgreSQL database that keeps sequences, in tables of its own under <c>distattention</c>. The program makes them and brings them up to date.</summary>
public sealed class PostgresStorage : DurableStorage
{
    private static readonly HashSet<string> _keywords = new(StringComparer.OrdinalIgnoreCase) { "Host", "Server", "Database", "Username", "User ID", "Password", "Pwd" };

    private readonly Database _database;

    private PostgresStorage(Database database)
    {
        _database = database;
        Shards = new PostgresShardStore(database);
        Ledgers = new PostgresLedgerStore(database);
    }

    /// <inheritdoc/>
    public override PostgresShardStore Shards { get; }

    /// <inheritdoc/>
    public override PostgresLedgerStore Ledgers { get; }

    internal override IScrubbed Scrubbed => new ScrubbedDatabase(Shards, Ledgers);

    /// <summary>Connects, and makes the tables what this build needs. Several processes may do so at the same time.</summary>
    /// <param name="connectionString">As Npgsql takes it: <c>Host=…;Database=…;Username=…;Password=…</c>.</param>
    /// <param name="create">Whether tables may be made; otherwise they must be there.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="StorageException">The server cannot be reached (then transient) or refuses, or the tables are of a newer build.</exception>
    public static async ValueTask<PostgresStorage> ConnectAsync(string connectionString, bool create = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        Database database = Database.Of(connectionString);
        try
        {
            await Schema.PrepareAsync(database, create, cancellationToken).ConfigureAwait(false);
            return new PostgresStorage(database);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether a text is meant as a connection string and not as a path: it has one of the keywords that every such string has.</summary>
    /// <param name="place">The text.</param>
    public static bool IsConnectionString(string place)
    {
        ArgumentNullException.ThrowIfNull(place);
        return place.Split(';').Any(static part => part.Split('=', 2) is [var key, _] && _keywords.Contains(key.Trim()));
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <inheritdoc/>
    protected override ValueTask<int> SweepShardsAsync(IReadOnlySet<Guid> live, TimeSpan olderThan, TimeProvider time, CancellationToken cancellationToken) =>
        Shards.SweepAsync(live, olderThan, cancellationToken);
}
