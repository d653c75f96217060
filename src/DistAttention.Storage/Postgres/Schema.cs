using Npgsql;

namespace DistAttention.Storage.Postgres;

/// <summary>The tables, made and brought up to date by the program itself; several processes may start at the same time.</summary>
internal static class Schema
{
    /// <summary>What the tables' names start with.</summary>
    public const string Name = "distattention";

    /// <summary>The version this build reads and writes.</summary>
    public static int Version => _steps.Length;

    private const long LockKey = 0x4449_5354_4154_544E; // "DISTATTN": no other program's lock

    /// <summary>Step i makes version i + 1 out of version i. Steps are added, never changed.</summary>
    private static readonly string[] _steps =
    [
        """
        CREATE TABLE distattention.ledgers (
            name text COLLATE "C" PRIMARY KEY,
            version bigint NOT NULL,
            base bigint NOT NULL,       -- the version of the last whole state; entries from there on make the ledger
            live boolean NOT NULL,      -- false once deleted: versions of a name go on, so that an old owner stays fenced
            attempt uuid NOT NULL);     -- who made the last change, so that a lost acknowledgement can be found out

        CREATE TABLE distattention.ledger_entries (
            name text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            entry bytea NOT NULL,
            PRIMARY KEY (name, version));

        CREATE TABLE distattention.shards (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            sequence uuid NOT NULL,
            shard_index integer NOT NULL,
            generation bigint NOT NULL,
            header bytea NOT NULL,
            UNIQUE (sequence, shard_index, generation));

        CREATE TABLE distattention.records (
            shard bigint NOT NULL,      -- no foreign key: whoever inserts has locked the shard
            fence bigint NOT NULL,
            number bigint GENERATED ALWAYS AS IDENTITY,
            first_row integer NOT NULL,
            row_count integer NOT NULL,
            header bytea NOT NULL,
            payload bytea NOT NULL,
            PRIMARY KEY (shard, fence, number));
        ALTER TABLE distattention.records ALTER payload SET STORAGE EXTERNAL;  -- floats do not compress

        CREATE TABLE distattention.holds (
            shard bigint NOT NULL REFERENCES distattention.shards ON DELETE CASCADE,
            holder uuid NOT NULL,
            since timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (shard, holder));
        CREATE INDEX ON distattention.holds (holder);

        CREATE TABLE distattention.seeds (
            shard bigint NOT NULL REFERENCES distattention.shards ON DELETE CASCADE,
            source bigint NOT NULL REFERENCES distattention.shards,
            row_count integer NOT NULL, -- rows of the source that count
            PRIMARY KEY (shard, source));
        CREATE INDEX ON distattention.seeds (source);
        """,
    ];

    /// <summary>Makes the tables what this build needs.</summary>
    /// <param name="database">The database.</param>
    /// <param name="create">Whether tables may be made; otherwise they must be there.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StorageException">They were made by a newer build, are not there, or the server refuses.</exception>
    public static async ValueTask PrepareAsync(Database database, bool create, CancellationToken cancellationToken) =>
        await database.RunAsync(
            database.Name,
            async connection =>
            {
                // Without the lock first: most of the time there is nothing to do, and no right to make anything may be needed.
                if (!IsCurrent(database, await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false), create))
                {
                    await UpgradeAsync(database, connection, cancellationToken).ConfigureAwait(false);
                }

                return true;
            },
            mayRepeat: true,
            cancellationToken).ConfigureAwait(false);

    private static bool IsCurrent(Database database, int version, bool create)
    {
        if (version > Version)
        {
            throw new StorageException(database.Name, $"has version {version} of the tables; this build reads up to version {Version}");
        }

        return version == Version
            || (create ? false : throw new StorageException(database.Name, version == 0 ? "holds no sequences of this program" : $"has version {version} of the tables; opening it for writing makes version {Version} of it"));
    }

    private static async ValueTask UpgradeAsync(Database database, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken).ConfigureAwait(false);
            int version = await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false);
            if (IsCurrent(database, version, create: true))
            {
                return; // another process was first
            }

            await ExecuteAsync(connection, "CREATE SCHEMA IF NOT EXISTS distattention; CREATE TABLE IF NOT EXISTS distattention.schema_version (version integer NOT NULL)", cancellationToken).ConfigureAwait(false);
            foreach (string step in _steps[version..])
            {
                await ExecuteAsync(connection, step, cancellationToken).ConfigureAwait(false);
            }

            await ExecuteAsync(connection, $"DELETE FROM distattention.schema_version; INSERT INTO distattention.schema_version VALUES ({Version})", cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<int> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // A query of the catalogue as it is now: name look-ups may remember that there was no such table before the lock was taken.
        using NpgsqlCommand exists = new("SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'distattention' AND tablename = 'schema_version')", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
        {
            return 0;
        }

        using NpgsqlCommand version = new("SELECT max(version) FROM distattention.schema_version", connection);
        return await version.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as int? ?? 0;
    }

    private static async ValueTask ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
