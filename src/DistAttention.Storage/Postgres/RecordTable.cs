using System.Buffers;
using System.Runtime.CompilerServices;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Logs;
using Npgsql;
using NpgsqlTypes;
using static DistAttention.Storage.Postgres.Parameters;

namespace DistAttention.Storage.Postgres;

/// <summary>Rows on their way into the table.</summary>
/// <param name="Shard">The shard's row.</param>
/// <param name="Write">The rows.</param>
internal readonly record struct RecordWrite(ShardRow Shard, ShardWrite Write)
{
    public long Bytes => KvRows.ByteLength(Shard.Header.Layout, Write.Count);
}

/// <summary>The table <c>records</c>.</summary>
internal sealed class RecordTable(Database database)
{
    /// <summary>Up to here records travel as parameters of one statement; beyond they are copied, which is faster per byte and slower to start.</summary>
    private const long MostInStatement = 1 << 20;

    private const string Insert =
        """
        INSERT INTO distattention.records (shard, fence, first_row, row_count, header, payload)
        SELECT r.shard, r.fence, r.first_row, r.row_count, r.header, r.payload
        FROM unnest($1, $2, $3, $4, $5, $6) AS r(shard, fence, first_row, row_count, header, payload)
        JOIN (
            SELECT s.id FROM distattention.shards s
            WHERE s.id = ANY($1) AND EXISTS (SELECT FROM distattention.holds h WHERE h.shard = s.id)
            FOR KEY SHARE OF s) held ON held.id = r.shard
        RETURNING shard
        """;

    private const string LockHeld =
        """
        SELECT s.id FROM distattention.shards s
        WHERE s.id = ANY($1) AND EXISTS (SELECT FROM distattention.holds h WHERE h.shard = s.id)
        FOR KEY SHARE OF s
        """;

    private const string Copy = "COPY distattention.records (shard, fence, first_row, row_count, header, payload) FROM STDIN (FORMAT BINARY)";

    private const string Read =
        """
        SELECT r.shard, r.fence, r.number, r.first_row, r.row_count, s.row_count, r.header, r.payload
        FROM (SELECT $1 AS source, 2147483647 AS row_count UNION ALL SELECT source, row_count FROM distattention.seeds WHERE shard = $1) s
        JOIN distattention.records r ON r.shard = s.source AND r.first_row < s.row_count AND r.first_row + r.row_count > $2
        ORDER BY r.fence, r.number
        """;

    private readonly string _place = database.Table("records");

    /// <summary>Stores writes, all in one transaction, durable when this completes. Twice is once: equal rows of one fence are the same rows.</summary>
    /// <returns>The shards that are still held; what was for others is not stored.</returns>
    public ValueTask<IReadOnlySet<long>> StoreAsync(IReadOnlyList<RecordWrite> writes, CancellationToken cancellationToken) => database.RunAsync<IReadOnlySet<long>>(
        _place,
        connection => writes.Sum(static w => w.Bytes) <= MostInStatement
            ? InsertAsync(connection, writes, cancellationToken)
            : CopyAsync(connection, writes, cancellationToken),
        mayRepeat: true,
        cancellationToken);

    /// <summary>Reads a shard in the order of fences, its sources' rows included. The memory of a write is valid until the next one is asked for.</summary>
    /// <param name="shard">The shard's row.</param>
    /// <param name="fromRow">What ends before this row is left out.</param>
    /// <param name="damaged">Told of damage, after which reading goes on behind it; null: damage is thrown.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<ShardWrite> ReadAsync(ShardRow shard, int fromRow, Action<StorageDamagedException>? damaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            using NpgsqlCommand command = new(Read, connection) { Parameters = { Value(shard.Id), Value(fromRow) } };
            NpgsqlDataReader reader = await GuardAsync(() => new ValueTask<NpgsqlDataReader>(
                command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancellationToken))).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await GuardAsync(() => new ValueTask<bool>(reader.ReadAsync(cancellationToken))).ConfigureAwait(false))
                {
                    StoredRecord? record = null;
                    try
                    {
                        record = await GuardAsync(() => ReadRecordAsync(reader, shard.Header, cancellationToken)).ConfigureAwait(false);
                    }
                    catch (StorageDamagedException e) when (damaged is not null)
                    {
                        damaged(e);
                    }

                    using (record)
                    {
                        if (record is not null)
                        {
                            yield return record.ToWrite(shard.Header);
                        }
                    }
                }
            }
        }
    }

    private static long[] ShardsOf(IReadOnlyList<RecordWrite> writes) => [.. writes.Select(static w => w.Shard.Id).Distinct()];

    private static async ValueTask<IReadOnlySet<long>> ReadIdsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            HashSet<long> ids = [];
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                ids.Add(reader.GetInt64(0));
            }

            return ids;
        }
    }

    private static async ValueTask<IReadOnlySet<long>> InsertAsync(NpgsqlConnection connection, IReadOnlyList<RecordWrite> writes, CancellationToken cancellationToken)
    {
        List<long> shards = [];
        List<long> fences = [];
        List<int> firsts = [];
        List<int> counts = [];
        List<byte[]> headers = [];
        List<byte[]> payloads = [];
        foreach ((ShardRow shard, ShardWrite write) in writes)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(RecordParts.LongestRecord(shard.Header.Layout, write));
            for (int first = 0; first < write.Count;)
            {
                RecordHeader record = RecordParts.Encode(shard.Header.Layout, write, first, (shard.Id, 0), buffer);
                shards.Add(shard.Id);
                fences.Add(record.Fence);
                firsts.Add(record.FirstIdx);
                counts.Add(record.Count);
                headers.Add(buffer[..RecordHeader.Length]);
                payloads.Add(buffer.AsSpan(RecordHeader.Length, (int)record.PayloadLength).ToArray());
                first += record.Count;
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }

        using NpgsqlCommand command = new(Insert, connection)
        {
            Parameters = { Value<long[]>([.. shards]), Value<long[]>([.. fences]), Value<int[]>([.. firsts]), Value<int[]>([.. counts]), Value<byte[][]>([.. headers]), Value<byte[][]>([.. payloads]) },
        };
        return await ReadIdsAsync(command, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<IReadOnlySet<long>> CopyAsync(NpgsqlConnection connection, IReadOnlyList<RecordWrite> writes, CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            using NpgsqlCommand command = new(LockHeld, connection) { Parameters = { Value(ShardsOf(writes)) } };
            IReadOnlySet<long> held = await ReadIdsAsync(command, cancellationToken).ConfigureAwait(false);
            NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync(Copy, cancellationToken).ConfigureAwait(false);
            await using (importer.ConfigureAwait(false))
            {
                foreach (RecordWrite write in writes.Where(w => held.Contains(w.Shard.Id)))
                {
                    await CopyAsync(importer, write, cancellationToken).ConfigureAwait(false);
                }

                await importer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return held;
        }
    }

    private static async ValueTask CopyAsync(NpgsqlBinaryImporter importer, RecordWrite write, CancellationToken cancellationToken)
    {
        (ShardRow shard, ShardWrite rows) = write;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(RecordParts.LongestRecord(shard.Header.Layout, rows));
        for (int first = 0; first < rows.Count;)
        {
            RecordHeader record = RecordParts.Encode(shard.Header.Layout, rows, first, (shard.Id, 0), buffer);
            await importer.StartRowAsync(cancellationToken).ConfigureAwait(false);
            await importer.WriteAsync(shard.Id, NpgsqlDbType.Bigint, cancellationToken).ConfigureAwait(false);
            await importer.WriteAsync(record.Fence, NpgsqlDbType.Bigint, cancellationToken).ConfigureAwait(false);
            await importer.WriteAsync(record.FirstIdx, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
            await importer.WriteAsync(record.Count, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
            await importer.WriteAsync<ReadOnlyMemory<byte>>(buffer.AsMemory(0, RecordHeader.Length), NpgsqlDbType.Bytea, cancellationToken).ConfigureAwait(false);
            await importer.WriteAsync<ReadOnlyMemory<byte>>(buffer.AsMemory(RecordHeader.Length, (int)record.PayloadLength), NpgsqlDbType.Bytea, cancellationToken).ConfigureAwait(false);
            first += record.Count;
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private ValueTask<T> GuardAsync<T>(Func<ValueTask<T>> step) => Database.GuardAsync(_place, step);

    private async ValueTask<StoredRecord> ReadRecordAsync(NpgsqlDataReader reader, SegmentHeader shard, CancellationToken cancellationToken)
    {
        (long source, long fence, long number) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        (int firstIdx, int count, int rows) = (reader.GetInt32(3), reader.GetInt32(4), reader.GetInt32(5));
        byte[] bytes = reader.GetFieldValue<byte[]>(6);
        Stream payload = await reader.GetStreamAsync(7, cancellationToken).ConfigureAwait(false);
        await using (payload.ConfigureAwait(false))
        {
            RecordRow row = new(source, fence, number, firstIdx, count, payload.Length);
            RecordHeader header = row.ReadHeader(_place, shard, bytes);
            RecordRows memory = new(shard.Layout, header.Count);
            try
            {
                await payload.ReadExactlyAsync(memory.Payload, cancellationToken).ConfigureAwait(false);
                row.CheckPayload(_place, shard, header, memory.Payload.Span);
                return new StoredRecord(header, Math.Min(header.Count, rows - header.FirstIdx), memory);
            }
            catch
            {
                memory.Dispose();
                throw;
            }
        }
    }

    /// <summary>A record as it was read.</summary>
    private sealed record StoredRecord(RecordHeader Header, int Count, RecordRows Memory) : IDisposable
    {
        public ShardWrite ToWrite(SegmentHeader shard)
        {
            (ReadOnlyMemory<float> k, ReadOnlyMemory<float> v) = Memory.Rows(Count);
            return new ShardWrite(shard.Shard, shard.Spec, Header.Fence, Header.Operation, Header.FirstIdx, Count, k, v);
        }

        public void Dispose() => Memory.Dispose();
    }
}
