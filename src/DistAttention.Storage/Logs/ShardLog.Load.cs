using System.Buffers;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Storage.Logs;

internal sealed partial class ShardLog
{
    /// <summary>
    /// Reads the rows into a shard. Records that do not overlap are read, checked and packed by several readers at once, each
    /// through a buffer that stays in its cache. If one of them is broken, or where records overlap, they are gone through one by one, in order.
    /// </summary>
    /// <param name="load">Receives the rows.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async ValueTask LoadAsync(ShardLoad load, CancellationToken cancellationToken)
    {
        List<Part> parts = [.. InOrder().Select(static p => new Part(p.File, p.Index, p.Rows, p.Record)).Where(p => p.End > load.FirstRow)];
        RowCoverage read = Covered(load.FirstRow, parts);
        if (parts.Count > 0)
        {
            RequireOneShape(parts);
            bool isWhole = read.ContiguousEnd >= load.CommittedRows && AreApart(parts);
            load.Reserve(parts[0].Index.Header!.Spec, parts.Max(static p => p.End), isWhole);
            if (!isWhole || !await SideBySideAsync(load, parts, cancellationToken).ConfigureAwait(false))
            {
                load.Restart();
                read = Covered(load.FirstRow, await OneByOneAsync(load, parts, cancellationToken).ConfigureAwait(false));
            }
        }

        RequireRows(read, load.CommittedRows);
    }

    /// <returns>Whether every record was as it was written.</returns>
    private static async ValueTask<bool> SideBySideAsync(ShardLoad load, List<Part> parts, CancellationToken cancellationToken)
    {
        LoadQueue queue = new(parts);
        int readers = Math.Min(load.Readers, queue.Groups);
        if (readers == 1)
        {
            return await ReadGroupsAsync(load, queue, cancellationToken).ConfigureAwait(false);
        }

        bool[] sound = await Task.WhenAll(Enumerable.Range(0, readers).Select(_ =>
            Task.Run(() => ReadGroupsAsync(load, queue, cancellationToken), cancellationToken))).ConfigureAwait(false);
        return !sound.Contains(false);
    }

    private static async Task<bool> ReadGroupsAsync(ShardLoad load, LoadQueue queue, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(queue.LongestPayload);
        try
        {
            while (queue.TakeGroup() is { IsEmpty: false } group)
            {
                await load.EnterAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    for (int i = 0; i < group.Length; i++)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        if (!await TryAddAsync(load, group.Span[i], buffer).ConfigureAwait(false))
                        {
                            queue.Stop();
                            return false;
                        }
                    }
                }
                finally
                {
                    load.Leave();
                }
            }

            return true;
        }
        catch
        {
            queue.Stop();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>What was read.</returns>
    private async ValueTask<List<Part>> OneByOneAsync(ShardLoad load, List<Part> parts, CancellationToken cancellationToken)
    {
        List<Part> read = [];
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)parts.Max(static p => p.Record.PayloadLength));
        try
        {
            foreach (Part part in parts)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (part.Index.TornAt <= part.Record.Offset)
                {
                    continue; // behind a record whose rows turned out to be torn
                }

                if (await TryAddAsync(load, part, buffer).ConfigureAwait(false))
                {
                    read.Add(part);
                }
                else
                {
                    CutBefore(part.Index, part.Record);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return read;
    }

    private static async ValueTask<bool> TryAddAsync(ShardLoad load, Part part, byte[] buffer)
    {
        Memory<byte> payload = buffer.AsMemory(0, (int)part.Record.PayloadLength);
        int got = await part.File.ReadAsync(part.Record.Offset + RecordHeader.Length, payload).ConfigureAwait(false);
        if (got < payload.Length || Crc32C.Of(payload.Span) != part.Record.PayloadChecksum)
        {
            return false;
        }

        load.Add(new StoredRows(part.Record.FirstIdx, part.End - part.Record.FirstIdx, part.Record.Count, payload.Span));
        return true;
    }

    private static RowCoverage Covered(int firstRow, List<Part> parts)
    {
        RowCoverage covered = new();
        covered.Add(new PositionRange(0, firstRow));
        foreach (Part part in parts)
        {
            covered.Add(part.Range);
        }

        return covered;
    }

    private static bool AreApart(List<Part> parts)
    {
        long end = 0;
        foreach (PositionRange rows in parts.Select(static p => p.Range).OrderBy(static r => r.Start))
        {
            if (rows.Start < end)
            {
                return false;
            }

            end = rows.End;
        }

        return true;
    }

    private static void RequireOneShape(List<Part> parts)
    {
        KvLayout layout = parts[0].Index.Header!.Layout;
        foreach (Part part in parts)
        {
            if (part.Index.Header!.Layout != layout)
            {
                throw new StorageDamagedException(part.Index.File, 0, default, $"it holds rows of another shape than {parts[0].Index.File}");
            }
        }
    }
}
