namespace DistAttention.Kernels;

/// <summary>Mask bits of one tile for a group of query vectors.</summary>
internal static unsafe class MaskWords
{
    /// <summary>32-bit words of one row of a tile.</summary>
    public const int PerRow = SequenceFormat.BlockLength / 32;

    /// <summary>Leading keys of a tile that some queries need.</summary>
    public static int NeededKeys(CompiledMask mask, PositionRange queries, PositionRange tile)
    {
        PositionRange needed = mask.Needed(queries, tile);
        return needed.IsEmpty ? 0 : (int)(needed.End - tile.Start);
    }

    /// <summary>Bits per row: rows of the vectors first to first + count − 1, [row][8].</summary>
    public static void FillRows(in NodeJob job, int firstVector, int count, long tileStart, uint* rows)
    {
        PositionRange positions = job.RowPositions(firstVector, count);
        job.Mask.Fill(positions, tileStart, new Span<uint>(rows, checked((int)positions.Length * PerRow)));
    }

    /// <summary>One row for every lane, [8][lanes].</summary>
    public static void Repeat(uint* row, int lanes, uint* words)
    {
        for (int word = 0; word < PerRow; word++)
        {
            new Span<uint>(words + (word * lanes), lanes).Fill(row[word]);
        }
    }

    /// <summary>Bits per lane, [8][lanes]; lanes past <paramref name="count"/> repeat the last vector.</summary>
    public static void FillLanes(in NodeJob job, int firstVector, int count, int lanes, long tileStart, uint* rows, uint* words)
    {
        FillRows(job, firstVector, count, tileStart, rows);
        int firstRow = job.Row(firstVector);
        if (job.GroupSize == 1)
        {
            // A row per lane: moved like floats, which moves bits as they are.
            LaneTranspose.Run((float*)rows, PerRow, (float*)words, lanes, count, PerRow);
            for (int lane = count; lane < lanes; lane++)
            {
                for (int word = 0; word < PerRow; word++)
                {
                    words[(word * lanes) + lane] = words[(word * lanes) + count - 1];
                }
            }

            return;
        }

        for (int lane = 0; lane < lanes; lane++)
        {
            uint* row = rows + ((job.Row(firstVector + Math.Min(lane, count - 1)) - firstRow) * PerRow);
            for (int word = 0; word < PerRow; word++)
            {
                words[(word * lanes) + lane] = row[word];
            }
        }
    }
}
