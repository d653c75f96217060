using System.Runtime.CompilerServices;
using DistAttention.Engine.Shards;
using Npgsql;
using static DistAttention.Storage.Postgres.Parameters;

namespace DistAttention.Storage.Postgres;

/// <summary>
/// The tables <c>shards</c>, <c>holds</c> and <c>seeds</c>. Who adds to a shard locks its row for key share, who lets go of it for
/// update: neither works on what the other is about to change.
/// </summary>
/// <remarks>
/// A shard that was cut from another names it as a source, and that one's sources too: reading follows no chain. A source that
/// nobody holds any more keeps the rows that are still named, and goes with the last shard that names it.
/// </remarks>
internal sealed class ShardTable(Database database)
{
    private const int PageLength = 1000;

    private const string Find = "SELECT id, header FROM distattention.shards WHERE sequence = $1 AND shard_index = $2 AND generation = $3";

    private const string FindHeld = $"{Find} AND EXISTS (SELECT FROM distattention.holds h WHERE h.shard = id) FOR KEY SHARE";

    /// <summary>The maker holds a shard from the moment it is there.</summary>
    private const string Add =
        """
        WITH made AS (
            INSERT INTO distattention.shards (sequence, shard_index, generation, header) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING RETURNING id)
        INSERT INTO distattention.holds (shard, holder) SELECT id, $1 FROM made
        """;

    private const string AddSeeds =
        """
        INSERT INTO distattention.seeds (shard, source, row_count)
        SELECT $1, t.source, t.row_count
        FROM (SELECT $2 AS source, $3 AS row_count UNION ALL SELECT source, least(row_count, $3) FROM distattention.seeds WHERE shard = $2) t
        WHERE EXISTS (SELECT FROM distattention.records r WHERE r.shard = t.source AND r.first_row < t.row_count)
        ON CONFLICT DO NOTHING
        """;

    private const string AddHold =
        """
        INSERT INTO distattention.holds (shard, holder)
        SELECT id, $4 FROM distattention.shards WHERE sequence = $1 AND shard_index = $2 AND generation = $3 ON CONFLICT DO NOTHING
        """;

    private const string List = "SELECT id, sequence, shard_index, generation FROM distattention.shards WHERE id > $1 ORDER BY id LIMIT $2";

    private const string ListHolders =
        """
        SELECT h.holder, h.since FROM distattention.shards s JOIN distattention.holds h ON h.shard = s.id
        WHERE s.sequence = $1 AND s.shard_index = $2 AND s.generation = $3 ORDER BY h.holder
        """;

    private const string ListOldHolds =
        """
        SELECT h.holder, s.sequence, s.shard_index, s.generation FROM distattention.holds h JOIN distattention.shards s ON s.id = h.shard
        WHERE h.since < now() - $1 AND h.holder <> ALL($2) ORDER BY h.shard, h.holder
        """;

    private readonly string _place = database.Table("shards");

    /// <summary>How messages call a shard.</summary>
    public string PlaceOf(ShardId shard) => $"{_place}, shard {shard}";

    /// <summary>Finds a shard; null if there is none.</summary>
    public ValueTask<ShardRow?> FindAsync(ShardId shard, CancellationToken cancellationToken) =>
        RunAsync(connection => FindAsync(Find, shard, connection, cancellationToken), cancellationToken);

    /// <summary>Finds a shard, making it, held by its maker, if there is none.</summary>
    public ValueTask<ShardRow> FindOrAddAsync(ShardId shard, SequenceSpec spec, CancellationToken cancellationToken) => RunAsync(
        async connection =>
            await FindAsync(Find, shard, connection, cancellationToken).ConfigureAwait(false)
            ?? await AddAsync(shard, spec, connection, cancellationToken).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Makes a shard that starts with another's first rows.</summary>
    /// <exception cref="StorageException">The other one is not held by anybody.</exception>
    public async ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) => await RunAsync(
        async connection =>
        {
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                ShardRow from = await FindAsync(FindHeld, source, connection, cancellationToken).ConfigureAwait(false)
                    ?? throw new StorageException(PlaceOf(source), "is not there, or no sequence holds it any more");
                ShardRow made = await AddAsync(shard, from.Header.Spec, connection, cancellationToken).ConfigureAwait(false);
                await ExecuteAsync(connection, AddSeeds, cancellationToken, Value(made.Id), Value(from.Id), Value(count)).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
        },
        cancellationToken).ConfigureAwait(false);

    /// <summary>Lets a sequence hold a shard; nothing happens where there is none.</summary>
    public async ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) => await RunAsync(
        async connection =>
        {
            await ExecuteAsync(connection, AddHold, cancellationToken, [.. KeyOf(shard), Value(holder)]).ConfigureAwait(false);
            return true;
        },
        cancellationToken).ConfigureAwait(false);

    /// <summary>Ends a hold; with the last one goes everything that no other shard starts with.</summary>
    /// <returns>Whether nobody holds the shard any more.</returns>
    public ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) =>
        RunAsync(connection => ShardRelease.RunAsync(connection, KeyOf(shard), holder, cancellationToken), cancellationToken);

    /// <summary>Every shard, those that are kept for others included.</summary>
    public async IAsyncEnumerable<ShardId> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long after = 0;
        IReadOnlyList<(long Id, ShardId Shard)> page;
        do
        {
            page = await QueryAsync(List, static r => (r.GetInt64(0), ShardOf(r, 1)), cancellationToken, () => [Value(after), Value(PageLength)]).ConfigureAwait(false);
            foreach ((long id, ShardId shard) in page)
            {
                after = id;
                yield return shard;
            }
        }
        while (page.Count == PageLength);
    }

    /// <summary>The sequences that hold a shard, and since when.</summary>
    public ValueTask<IReadOnlyList<(Guid Holder, DateTimeOffset Since)>> ListHoldersAsync(ShardId shard, CancellationToken cancellationToken) =>
        QueryAsync(ListHolders, static r => (r.GetGuid(0), new DateTimeOffset(r.GetDateTime(1))), cancellationToken, () => KeyOf(shard));

    /// <summary>Holds of sequences other than some, older than an age by the server's clock.</summary>
    public ValueTask<IReadOnlyList<(Guid Holder, ShardId Shard)>> ListOldHoldsAsync(IReadOnlySet<Guid> live, TimeSpan olderThan, CancellationToken cancellationToken) =>
        QueryAsync(ListOldHolds, static r => (r.GetGuid(0), ShardOf(r, 1)), cancellationToken, () => [Value(olderThan), Value<Guid[]>([.. live])]);

    private static NpgsqlParameter[] KeyOf(ShardId shard) => [Value(shard.Sequence), Value(shard.Index), Value(shard.Generation)];

    private static ShardId ShardOf(NpgsqlDataReader reader, int column) => new(reader.GetGuid(column), reader.GetInt32(column + 1), reader.GetInt64(column + 2));

    private static async ValueTask ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        using NpgsqlCommand command = new(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Everything here may be done twice: what is there already stays, what is gone stays gone.</summary>
    private ValueTask<T> RunAsync<T>(Func<NpgsqlConnection, ValueTask<T>> work, CancellationToken cancellationToken) =>
        database.RunAsync(_place, work, mayRepeat: true, cancellationToken);

    private ValueTask<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, Func<NpgsqlParameter[]> parameters) => RunAsync<IReadOnlyList<T>>(
        async connection =>
        {
            using NpgsqlCommand command = new(sql, connection);
            command.Parameters.AddRange(parameters());
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                List<T> found = [];
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    found.Add(read(reader));
                }

                return found;
            }
        },
        cancellationToken);

    private async ValueTask<ShardRow?> FindAsync(string sql, ShardId shard, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = new(sql, connection);
        command.Parameters.AddRange(KeyOf(shard));
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
                ? ShardRow.Decode(PlaceOf(shard), shard, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1))
                : null;
        }
    }

    private async ValueTask<ShardRow> AddAsync(ShardId shard, SequenceSpec spec, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, Add, cancellationToken, [.. KeyOf(shard), Bytes(ShardRow.HeaderOf(shard, spec))]).ConfigureAwait(false);
        return await FindAsync(Find, shard, connection, cancellationToken).ConfigureAwait(false)
            ?? throw new StorageException(PlaceOf(shard), "was deleted while it was made", isTransient: true);
    }
}
