namespace DistAttention.Kernels;

/// <summary>Which keys of the current tile the groups of a chunk see, one group after the other, and the mask bits of the last one.</summary>
internal unsafe struct TileMask
{
    private readonly uint* _rowBits; // [group lanes][8]
    private readonly uint* _words; // [8][group lanes]
    private readonly uint* _sameBits; // [8]: what rows up to _sameUntil see of the tile
    private TileKeys _sameKeys;
    private long _sameUntil;
    private PositionRange _tile;

    /// <summary>Takes the memory that <see cref="ScratchBytes"/> asked for.</summary>
    public TileMask(KernelScratch scratch, int groupLanes)
    {
        _rowBits = scratch.Take<uint>(groupLanes * MaskWords.PerRow);
        _words = scratch.Take<uint>(groupLanes * MaskWords.PerRow);
        _sameBits = scratch.Take<uint>(MaskWords.PerRow);
    }

    public static long ScratchBytes(int groupLanes) =>
        (2 * KernelScratch.Size<uint>(groupLanes * MaskWords.PerRow)) + KernelScratch.Size<uint>(MaskWords.PerRow);

    /// <summary>Makes a tile the current one.</summary>
    public void Begin(PositionRange tile)
    {
        _tile = tile;
        _sameUntil = long.MinValue;
    }

    /// <summary>The mask bits of the group last asked for, of so many lanes, from a key on.</summary>
    public readonly uint* WordsFrom(int firstKey, int lanes) => _words + (firstKey / 32 * lanes);

    /// <summary>Which keys of the current tile a group sees, whose rows are not before those of the group asked for last.</summary>
    /// <param name="job">The job.</param>
    /// <param name="firstVector">The group's first query vector.</param>
    /// <param name="used">Its query vectors.</param>
    /// <param name="lanes">Its lanes.</param>
    /// <param name="mayPack">Whether scores of panels that nobody sees may be left out between others.</param>
    public TileKeys KeysOf(in NodeJob job, int firstVector, int used, int lanes, bool mayPack)
    {
        PositionRange rows = job.RowPositions(firstVector, used);
        if (rows.End > _sameUntil && !LookAtSame(job, rows, mayPack))
        {
            return DifferentKeys(job, rows, firstVector, used, lanes);
        }

        if (_sameKeys.Masked)
        {
            MaskWords.Repeat(_sameBits, lanes, _words);
        }

        return _sameKeys;
    }

    /// <summary>What all of some rows see, and as many after them as see the same; false if they may see different positions.</summary>
    private bool LookAtSame(in NodeJob job, PositionRange rows, bool mayPack)
    {
        long until = job.Mask.SameUntil(rows.Start, _tile);
        if (rows.End > until)
        {
            return false;
        }

        job.Mask.Fill(new PositionRange(rows.Start, rows.Start + 1), _tile.Start, new Span<uint>(_sameBits, MaskWords.PerRow));
        _sameKeys = TileKeys.OfSame(_sameBits, (int)_tile.Length, job.StartsLate, mayPack && job.StartsLate);
        _sameUntil = until;
        return true;
    }

    private readonly TileKeys DifferentKeys(in NodeJob job, PositionRange rows, int firstVector, int used, int lanes)
    {
        switch (job.Mask.Cover(rows, _tile))
        {
            case Coverage.None:
                return TileKeys.None;
            case Coverage.Full:
                return TileKeys.All((int)_tile.Length);
        }

        MaskWords.FillLanes(job, firstVector, used, lanes, _tile.Start, _rowBits, _words);
        return TileKeys.Of(_words, lanes, (int)_tile.Length, job.StartsLate);
    }
}
