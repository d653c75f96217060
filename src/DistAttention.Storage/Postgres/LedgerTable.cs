using Npgsql;
using static DistAttention.Storage.Postgres.Parameters;

namespace DistAttention.Storage.Postgres;

/// <summary>A ledger's rows.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Base">The version of its last whole state.</param>
/// <param name="IsLive">False once it is deleted.</param>
/// <param name="Entries">The whole state and the changes since, checksums verified.</param>
internal sealed record StoredLedger(long Version, long Base, bool IsLive, IReadOnlyList<(long Version, byte[] Entry)> Entries);

/// <summary>A change of a ledger.</summary>
/// <param name="Name">The sequence's name.</param>
/// <param name="Expected">The version it replaces; 0 where there is no row.</param>
/// <param name="WasLive">Whether that version is a ledger, and not what is left of a deleted one.</param>
/// <param name="Entry">What the codec gave; null to delete.</param>
/// <param name="IsWhole">Whether nothing before it is needed any more.</param>
internal sealed record LedgerSwap(string Name, long Expected, bool WasLive, byte[]? Entry, bool IsWhole);

/// <summary>The tables <c>ledgers</c> and <c>ledger_entries</c>.</summary>
internal sealed class LedgerTable(Database database)
{
    private const string Insert =
        """
        WITH swapped AS (
            INSERT INTO distattention.ledgers (name, version, base, live, attempt) VALUES ($1, 1, 1, true, $2)
            ON CONFLICT DO NOTHING RETURNING name)
        INSERT INTO distattention.ledger_entries (name, version, entry) SELECT name, 1, $3 FROM swapped
        """;

    private const string Update =
        """
        WITH swapped AS (
            UPDATE distattention.ledgers SET version = $3 + 1, base = CASE WHEN $5 THEN $3 + 1 ELSE base END, live = true, attempt = $2
            WHERE name = $1 AND version = $3 AND live = $4 RETURNING name),
        forgotten AS (DELETE FROM distattention.ledger_entries e USING swapped s WHERE $5 AND e.name = s.name)
        INSERT INTO distattention.ledger_entries (name, version, entry) SELECT name, $3 + 1, $6 FROM swapped
        """;

    private const string Delete =
        """
        WITH forgotten AS (
            DELETE FROM distattention.ledger_entries e USING distattention.ledgers l
            WHERE l.name = $1 AND l.version = $3 AND l.live AND e.name = l.name)
        UPDATE distattention.ledgers SET version = $3 + 1, base = $3 + 1, live = false, attempt = $2
        WHERE name = $1 AND version = $3 AND live
        """;

    private const string Read =
        """
        SELECT l.version, l.base, l.live, e.version, e.entry
        FROM distattention.ledgers l LEFT JOIN distattention.ledger_entries e ON e.name = l.name AND e.version >= l.base
        WHERE l.name = $1 ORDER BY e.version
        """;

    private const string ListNames =
        """
        SELECT name FROM distattention.ledgers
        WHERE live AND name >= $1 AND name > $2 AND starts_with(name, $1) ORDER BY name LIMIT $3
        """;

    private readonly string _place = database.Table("ledgers");

    /// <summary>How messages call a ledger.</summary>
    public string PlaceOf(string name) => $"{_place}, '{name}'";

    /// <summary>Reads a ledger's rows as they are at one moment; null if there are none.</summary>
    /// <exception cref="StorageDamagedException">One of them is not what was written.</exception>
    public ValueTask<StoredLedger?> ReadAsync(string name, CancellationToken cancellationToken) => database.RunAsync(
        _place,
        async connection =>
        {
            using NpgsqlCommand command = new(Read, connection) { Parameters = { Value(name) } };
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                (long Version, long Base, bool IsLive)? head = null;
                List<(long, byte[])> entries = [];
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    head = (reader.GetInt64(0), reader.GetInt64(1), reader.GetBoolean(2));
                    if (!reader.IsDBNull(3))
                    {
                        long version = reader.GetInt64(3);
                        entries.Add((version, LedgerEntry.Decode(PlaceOf(name), version, reader.GetFieldValue<byte[]>(4))));
                    }
                }

                if (head is not { } found)
                {
                    return null;
                }

                return found.IsLive && entries.Count == 0
                    ? throw new StorageDamagedException(PlaceOf(name), 0, default, $"nothing is left of version {found.Version}")
                    : new StoredLedger(found.Version, found.Base, found.IsLive, entries);
            }
        },
        mayRepeat: true,
        cancellationToken);

    /// <summary>Whether a version is the latest one of a ledger that exists.</summary>
    public ValueTask<bool> IsCurrentAsync(string name, long version, CancellationToken cancellationToken) => database.RunAsync(
        _place,
        async connection =>
        {
            using NpgsqlCommand command = new("SELECT live AND version = $2 FROM distattention.ledgers WHERE name = $1", connection) { Parameters = { Value(name), Value(version) } };
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
        },
        mayRepeat: true,
        cancellationToken);

    /// <summary>Changes a ledger if it still has the version expected: one statement. Where its acknowledgement is lost, who did it tells.</summary>
    /// <returns>The new version; null if another was first.</returns>
    public async ValueTask<long?> SwapAsync(LedgerSwap swap, CancellationToken cancellationToken)
    {
        Guid attempt = Guid.NewGuid();
        bool mayBeDone = false;
        return await database.RunAsync<long?>(
            _place,
            async connection =>
            {
                bool repeated = mayBeDone;
                mayBeDone = true;
                using NpgsqlCommand command = CommandOf(swap, attempt, connection);
                bool done = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
                return done || (repeated && await WasDoneByAsync(swap, attempt, connection, cancellationToken).ConfigureAwait(false)) ? swap.Expected + 1 : null;
            },
            mayRepeat: true,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Names behind another in ordinal order.</summary>
    public ValueTask<IReadOnlyList<string>> ListNamesAsync(string prefix, string after, int most, CancellationToken cancellationToken) => database.RunAsync<IReadOnlyList<string>>(
        _place,
        async connection =>
        {
            using NpgsqlCommand command = new(ListNames, connection) { Parameters = { Value(prefix), Value(after), Value(most) } };
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                List<string> names = [];
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    names.Add(reader.GetString(0));
                }

                return names;
            }
        },
        mayRepeat: true,
        cancellationToken);

    private static NpgsqlCommand CommandOf(LedgerSwap swap, Guid attempt, NpgsqlConnection connection) => swap switch
    {
        { Entry: null } => new NpgsqlCommand(Delete, connection) { Parameters = { Value(swap.Name), Value(attempt), Value(swap.Expected) } },
        { Expected: 0 } => new NpgsqlCommand(Insert, connection) { Parameters = { Value(swap.Name), Value(attempt), EntryOf(swap) } },
        _ => new NpgsqlCommand(Update, connection)
        {
            Parameters = { Value(swap.Name), Value(attempt), Value(swap.Expected), Value(swap.WasLive), Value(swap.IsWhole), EntryOf(swap) },
        },
    };

    private static async ValueTask<bool> WasDoneByAsync(LedgerSwap swap, Guid attempt, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = new("SELECT count(*) FROM distattention.ledgers WHERE name = $1 AND version = $2 AND attempt = $3", connection)
        {
            Parameters = { Value(swap.Name), Value(swap.Expected + 1), Value(attempt) },
        };
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is 1L;
    }

    private static NpgsqlParameter<byte[]> EntryOf(LedgerSwap swap) => Bytes(LedgerEntry.Encode(swap.Expected + 1, swap.Entry));
}
