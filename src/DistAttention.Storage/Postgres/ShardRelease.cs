using Npgsql;
using static DistAttention.Storage.Postgres.Parameters;

namespace DistAttention.Storage.Postgres;

/// <summary>Ends a sequence's hold on a shard, and gives back what nothing needs any more: one transaction.</summary>
internal static class ShardRelease
{
    /// <summary>Locks the shard and its sources, in an order that all agree on.</summary>
    private const string Lock =
        """
        WITH released AS (SELECT id FROM distattention.shards WHERE sequence = $1 AND shard_index = $2 AND generation = $3)
        SELECT s.id, s.id IN (SELECT id FROM released) FROM distattention.shards s
        WHERE s.id IN (SELECT id FROM released UNION SELECT source FROM distattention.seeds WHERE shard IN (SELECT id FROM released))
        ORDER BY s.id FOR UPDATE OF s
        """;

    /// <summary>$1: the shard; $2: the holder; $3: the shard and its sources. A statement each: every one sees what those that were waited for have left.</summary>
    private static readonly string[] _steps =
    [
        "DELETE FROM distattention.holds WHERE shard = $1 AND holder = $2",

        // What starts with this shard names its sources itself.
        "DELETE FROM distattention.seeds WHERE shard = $1 AND NOT EXISTS (SELECT FROM distattention.holds WHERE shard = $1)",
        """
        WITH gone AS (
            DELETE FROM distattention.shards d WHERE d.id = ANY($3)
            AND NOT EXISTS (SELECT FROM distattention.holds h WHERE h.shard = d.id)
            AND NOT EXISTS (SELECT FROM distattention.seeds s WHERE s.source = d.id)
            RETURNING d.id)
        DELETE FROM distattention.records r USING gone WHERE r.shard = gone.id
        """,

        // Rows of a source behind the last one that counts anywhere.
        """
        DELETE FROM distattention.records r WHERE r.shard = ANY($3)
        AND NOT EXISTS (SELECT FROM distattention.holds h WHERE h.shard = r.shard)
        AND r.first_row >= (SELECT max(s.row_count) FROM distattention.seeds s WHERE s.source = r.shard)
        """,
    ];

    /// <summary>Runs it.</summary>
    /// <returns>Whether nobody holds the shard any more.</returns>
    public static async ValueTask<bool> RunAsync(NpgsqlConnection connection, NpgsqlParameter[] key, Guid holder, CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            (long? shard, long[] locked) = await LockAsync(connection, key, cancellationToken).ConfigureAwait(false);
            if (shard is not { } released)
            {
                return true;
            }

            using NpgsqlBatch batch = new(connection);
            foreach (string step in (string[])[.. _steps, "SELECT NOT EXISTS (SELECT FROM distattention.holds WHERE shard = $1)"])
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand(step) { Parameters = { Value(released), Value(holder), Value(locked) } });
            }

            bool last = await batch.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return last;
        }
    }

    private static async ValueTask<(long? Shard, long[] Locked)> LockAsync(NpgsqlConnection connection, NpgsqlParameter[] key, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = new(Lock, connection);
        command.Parameters.AddRange(key);
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            long? shard = null;
            List<long> locked = [];
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                locked.Add(reader.GetInt64(0));
                shard = reader.GetBoolean(1) ? locked[^1] : shard;
            }

            return (shard, [.. locked]);
        }
    }
}
