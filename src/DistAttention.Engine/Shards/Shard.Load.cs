using DistAttention.Engine.Memory;
using DistAttention.Kernels;

namespace DistAttention.Engine.Shards;

public sealed partial class Shard
{
    /// <summary>Makes room for rows that are missing here.</summary>
    /// <param name="missing">See <see cref="BeginCatchUp"/>.</param>
    /// <param name="end">Where the last row to come ends.</param>
    /// <param name="filled">Whether every missing row before it will come: memory that was used before is then not cleared for them.</param>
    /// <returns>Blocks that may hold anything until their rows have come, as a range of them.</returns>
    /// <exception cref="CapacityExceededException">The budget cannot pay for the blocks; none was taken.</exception>
    internal PositionRange ReserveMissing(PositionRange missing, long end, bool filled)
    {
        long whole = filled ? Math.Min(end, missing.End) / SequenceFormat.BlockLength : 0;
        lock (_lock)
        {
            int had = _blocks.Count;
            AddBlocksFor(end, whole);
            return new PositionRange(had, Math.Max(had, Math.Min(whole, _blocks.Count)));
        }
    }

    /// <summary>Clears blocks whose rows did not all come.</summary>
    /// <param name="blocks">What <see cref="ReserveMissing"/> said; the catching up has not ended.</param>
    internal void Clear(PositionRange blocks)
    {
        for (long block = blocks.Start; block < blocks.End; block++)
        {
            BlockAt((int)block).Bytes.Clear(); // nobody else writes there: all their rows are missing
        }
    }

    /// <summary>
    /// Packs rows that are missing here, as <see cref="CatchUp(in ShardWrite, PositionRange)"/> does. There is room for them. Without a lock:
    /// whoever else packs into the same block packs other rows.
    /// </summary>
    /// <param name="rows">Rows as the store keeps them.</param>
    /// <param name="missing">See <see cref="BeginCatchUp"/>.</param>
    internal void CatchUp(in StoredRows rows, PositionRange missing)
    {
        PositionRange wanted = rows.Range.Intersect(missing);
        for (long start = wanted.Start, end; start < wanted.End; start = end)
        {
            int block = (int)(start / SequenceFormat.BlockLength);
            end = Math.Min(wanted.End, (block + 1L) * SequenceFormat.BlockLength);
            KvPacker.PackStored(
                Layout,
                BlockAt(block).Bytes,
                (int)(start % SequenceFormat.BlockLength),
                rows.Bytes,
                rows.StoredCount,
                (int)(start - rows.FirstIdx),
                (int)(end - start));
        }
    }

    private KvBlock BlockAt(int block)
    {
        lock (_lock)
        {
            return _blocks[block];
        }
    }
}
