namespace DistAttention.Kernels;

/// <summary>
/// Windows over an image. A range of positions is at most three rectangles of pixels (the end of a row, whole rows, the start of a row),
/// and two rectangles are as far apart as their rows and as their columns are.
/// </summary>
internal sealed class CompiledImageMask(ImageMask mask) : CompiledMask
{
    private readonly int _width = mask.Width;
    private readonly long _start = mask.Start;
    private readonly int _rowReach = mask.RowReach;
    private readonly int _columnReach = mask.ColumnReach;
    private readonly PositionRange _extent = mask.Extent;

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        PositionRange queries = q.Intersect(_extent);
        PositionRange keys = kv.Intersect(_extent);
        if (queries.IsEmpty || keys.IsEmpty)
        {
            return Coverage.None;
        }

        bool any = false;
        bool all = queries == q && keys == kv;
        Span<Rectangle> of = stackalloc Rectangle[3];
        Span<Rectangle> at = stackalloc Rectangle[3];
        foreach (Rectangle a in of[..Cut(queries, of)])
        {
            foreach (Rectangle b in at[..Cut(keys, at)])
            {
                any |= Nearest(a.Rows, b.Rows) <= _rowReach && Nearest(a.Columns, b.Columns) <= _columnReach;
                all &= Farthest(a.Rows, b.Rows) <= _rowReach && Farthest(a.Columns, b.Columns) <= _columnReach;
            }
        }

        return !any ? Coverage.None : all ? Coverage.Full : Coverage.Masked;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange queries = q.Intersect(_extent);
        if (queries.IsEmpty)
        {
            return Nothing(kv);
        }

        Span<Rectangle> of = stackalloc Rectangle[3];
        (long firstRow, long lastRow, long firstColumn, long lastColumn) = (long.MaxValue, 0, long.MaxValue, 0);
        foreach (Rectangle a in of[..Cut(queries, of)])
        {
            (firstRow, lastRow) = (Math.Min(firstRow, a.Rows.Start), Math.Max(lastRow, a.Rows.End - 1));
            (firstColumn, lastColumn) = (Math.Min(firstColumn, a.Columns.Start), Math.Max(lastColumn, a.Columns.End - 1));
        }

        long first = (Math.Max(0, firstRow - _rowReach) * _width) + Math.Max(0, firstColumn - _columnReach);
        long last = ((lastRow + _rowReach) * _width) + Math.Min(_width - 1, lastColumn + _columnReach);
        PositionRange needed = kv.Intersect(_extent).Intersect(new PositionRange(_start + first, _start + last + 1));
        return needed.IsEmpty ? Nothing(kv) : needed;
    }

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        PositionRange queries = q.Intersect(_extent);
        PositionRange keys = kv.Intersect(_extent);
        if (queries.IsEmpty || keys.IsEmpty)
        {
            return default;
        }

        Int128 count = 0;
        Span<Rectangle> of = stackalloc Rectangle[3];
        Span<Rectangle> at = stackalloc Rectangle[3];
        foreach (Rectangle a in of[..Cut(queries, of)])
        {
            foreach (Rectangle b in at[..Cut(keys, at)])
            {
                count += Ranges.CountBand(a.Rows, b.Rows, -_rowReach, _rowReach) * Ranges.CountBand(a.Columns, b.Columns, -_columnReach, _columnReach);
            }
        }

        return PairCount.Exactly(count);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        bits[..((int)q.Length * TileWords)].Clear();
        PositionRange tile = new PositionRange(kvStart, kvStart + SequenceFormat.BlockLength).Intersect(_extent);
        PositionRange queries = q.Intersect(_extent);
        if (tile.IsEmpty)
        {
            return;
        }

        long firstTileRow = (tile.Start - _start) / _width;
        long lastTileRow = (tile.End - 1 - _start) / _width;
        for (long qPos = queries.Start; qPos < queries.End; qPos++)
        {
            (long row, long column) = Math.DivRem(qPos - _start, _width);
            long from = Math.Max(0, column - _columnReach);
            long to = Math.Min(_width, column + _columnReach + 1);
            long last = Math.Min(lastTileRow, row + _rowReach);
            for (long r = Math.Max(firstTileRow, row - _rowReach); r <= last; r++)
            {
                long at = _start + (r * _width);
                TileBits.Set(TileBits.Row(bits, qPos - q.Start), kvStart, at + from, at + to);
            }
        }

    }

    private static long Nearest(PositionRange a, PositionRange b) => Math.Max(0, Math.Max(a.Start - (b.End - 1), b.Start - (a.End - 1)));

    private static long Farthest(PositionRange a, PositionRange b) => Math.Max(a.End - 1 - b.Start, b.End - 1 - a.Start);

    /// <summary>Cuts a range inside the image into rectangles.</summary>
    private int Cut(PositionRange positions, Span<Rectangle> rectangles)
    {
        int count = 0;
        (long row, long column) = Math.DivRem(positions.Start - _start, _width);
        (long lastRow, long lastColumn) = Math.DivRem(positions.End - 1 - _start, _width);
        if (row == lastRow)
        {
            rectangles[count++] = new Rectangle(new(row, row + 1), new(column, lastColumn + 1));
            return count;
        }

        if (column > 0)
        {
            rectangles[count++] = new Rectangle(new(row, row + 1), new(column, _width));
            row++;
        }

        long whole = lastColumn == _width - 1 ? lastRow + 1 : lastRow;
        if (row < whole)
        {
            rectangles[count++] = new Rectangle(new(row, whole), new(0, _width));
        }

        if (whole <= lastRow)
        {
            rectangles[count++] = new Rectangle(new(lastRow, lastRow + 1), new(0, lastColumn + 1));
        }

        return count;
    }

    private readonly record struct Rectangle(PositionRange Rows, PositionRange Columns);
}
