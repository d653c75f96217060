using DistAttention.Silo.Options;
using Npgsql;

namespace DistAttention.Silo.Clustering;

/// <summary>
/// Makes the tables that silos find each other through where there are none: what <c>postgresql.sql</c> beside the program does by hand. A user
/// that may not make tables is enough once they are there.
/// </summary>
internal static class MembershipTables
{
    private const string Script = "postgresql.sql";

    /// <summary>Silos that start together make them one after the other; any number will do, the same for all.</summary>
    private const long CreationLock = 0x64_69_73_74_61_74_74_6e;

    /// <exception cref="IOException">The database cannot be reached, or its user may not make what is missing.</exception>
    public static async Task EnsureAsync(string connectionString, CancellationToken cancellationToken = default)
    {
        NpgsqlConnection connection = new(connectionString);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                if (!await AreThereAsync(connection, cancellationToken).ConfigureAwait(false))
                {
                    await CreateAsync(connection, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (NpgsqlException e)
            {
                throw new IOException($"{ClusteringOptions.Section}:{nameof(ClusteringOptions.ConnectionString)}: {e.Message}", e);
            }
        }
    }

    private static async Task CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await RunAsync(connection, $"SELECT pg_advisory_xact_lock({CreationLock})", cancellationToken).ConfigureAwait(false);
            if (!await AreThereAsync(connection, cancellationToken).ConfigureAwait(false))
            {
                string script = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, Script), cancellationToken).ConfigureAwait(false);
                await RunAsync(connection, script, cancellationToken).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<bool> AreThereAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Read from the catalogue: to_regclass answers from a cache, which waiting for the lock does not bring up to date.
        NpgsqlCommand command = new("SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE tablename = 'orleansquery' AND schemaname = ANY (current_schemas(false)))", connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        NpgsqlCommand command = new(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
