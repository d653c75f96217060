using DistAttention.Engine.Memory;
using DistAttention.Kernels;

namespace DistAttention.Engine.Shards;

/// <summary>
/// The resident rows of one shard. One writer at a time (calls are serialised by a lock); readers take leases on its
/// block table and are never blocked. Freed when the last lease, its registry's included, ends.
/// </summary>
/// <remarks>
/// Where rows can be read back, another owner may have written the shard meanwhile, so what is here may be the rows of a reservation that
/// was given up there. Rows are certain when they were read back as committed, or written here under the fence that a caller says is
/// the current one: a reservation only takes positions that are not committed yet, and of one fence no two overlap. Whenever a newer fence is
/// heard of, all that is not certain is dropped, and read back when it is asked for.
/// </remarks>
public sealed partial class Shard : CountedLease
{
    private readonly Lock _lock = new();
    private readonly ByteBudget _budget;
    private readonly List<KvBlock> _blocks = [];
    private readonly List<PositionRange> _written = [];
    private readonly List<PositionRange> _running = [];
    private BlockTable _table = new([]);
    private readonly bool _canReadBack;
    private long _fence;
    private int _certain; // rows from the first on

    /// <summary>Makes an empty shard.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="budget">Pays for its blocks.</param>
    /// <param name="canReadBack">Whether what is dropped can be read back.</param>
    public Shard(ShardId id, SequenceSpec spec, ByteBudget budget, bool canReadBack = false)
    {
        _canReadBack = canReadBack;
        Id = id;
        Spec = spec;
        Layout = KvLayout.Of(spec);
        _budget = budget;
    }

    /// <summary>Its id.</summary>
    public ShardId Id { get; }

    /// <summary>The sequence's shape and storage.</summary>
    public SequenceSpec Spec { get; }

    /// <summary>The geometry of its blocks.</summary>
    public KvLayout Layout { get; }

    /// <summary>Bytes of native memory its blocks hold, shared ones included.</summary>
    public long ResidentBytes
    {
        get
        {
            lock (_lock)
            {
                return (long)_blocks.Count * Layout.BlockBytes;
            }
        }
    }

    /// <summary>Rows written from the first on, without a gap.</summary>
    public int ContiguousLength
    {
        get
        {
            lock (_lock)
            {
                return _written.Count > 0 && _written[0].Start == 0 ? (int)_written[0].End : 0;
            }
        }
    }

    /// <summary>Makes a shard that starts with another's first rows: whole blocks are shared, the cut one is copied.</summary>
    /// <param name="id">Id of the new shard.</param>
    /// <param name="source">The shard it starts with; the caller holds a lease on it.</param>
    /// <param name="count">Rows to take, all of them written.</param>
    /// <param name="budget">Pays for the copied block.</param>
    public static Shard Seeded(ShardId id, Shard source, int count, ByteBudget budget)
    {
        Shard shard = new(id, source.Spec, budget);
        BlockTable table = source.LeaseTable(count);
        try
        {
            int whole = count / SequenceFormat.BlockLength;
            foreach (KvBlock block in table.Blocks[..whole])
            {
                block.Lease();
                shard._blocks.Add(block);
            }

            if (count % SequenceFormat.BlockLength != 0)
            {
                KvBlock copy = new(shard.Layout.BlockBytes, budget);
                shard._blocks.Add(copy);
                table.Blocks[whole].Bytes.CopyTo(copy.Bytes);
            }
        }
        catch
        {
            shard.Release();
            throw;
        }
        finally
        {
            table.Release();
        }

        if (count > 0)
        {
            shard._written.Add(new PositionRange(0, count));
        }

        shard.ReplaceTable();
        return shard;
    }

    /// <summary>Takes note of what a caller knows of the shard, and drops what that makes doubtful.</summary>
    /// <param name="fence">The ledger's fence, as the caller knows it.</param>
    /// <param name="committedRows">Rows of the shard that are committed under it.</param>
    public void Hear(long fence, int committedRows)
    {
        lock (_lock)
        {
            if (fence > _fence)
            {
                if (_canReadBack)
                {
                    Keep(_certain);
                }

                Volatile.Write(ref _fence, fence);
            }

            if (fence == _fence && ContiguousLength >= committedRows)
            {
                _certain = Math.Max(_certain, committedRows);
            }
        }
    }

    /// <summary>Refuses callers who take its rows for others than they are: they would read past them, or write past their blocks.</summary>
    /// <param name="spec">The shape and storage that the caller goes by.</param>
    /// <exception cref="InvalidSpecException">The rows lie in memory otherwise.</exception>
    public void RequireLayoutOf(SequenceSpec spec)
    {
        if (KvLayout.Of(spec) != Layout || spec.ShardLength != Spec.ShardLength)
        {
            throw new InvalidSpecException(nameof(SequenceSpec), $"the rows of shard {Id} are of another shape or storage");
        }
    }

    /// <summary>Makes room for rows, so that packing them cannot fail. <see cref="Complete"/> or <see cref="Abandon"/> must follow.</summary>
    /// <param name="write">The rows, not yet validated against the shard.</param>
    /// <exception cref="InvalidSpecException">The rows are not of the shard's shape and storage.</exception>
    /// <exception cref="StaleWriteException">A newer reservation has written here.</exception>
    /// <exception cref="CapacityExceededException">The budget cannot pay for the blocks; none was taken.</exception>
    public void Prepare(in ShardWrite write)
    {
        RequireLayoutOf(write.Spec);
        ArgumentOutOfRangeException.ThrowIfNegative(write.FirstIdx);
        ArgumentOutOfRangeException.ThrowIfNegative(write.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)write.FirstIdx + write.Count, Spec.ShardLength);
        lock (_lock)
        {
            ThrowIfStale(write.Fence);
            Hear(write.Fence, write.CommittedRows);
            AddBlocksFor(RowsOf(write).End);
            _running.Add(RowsOf(write));
        }
    }

    /// <summary>Bytes that <see cref="Prepare"/> would take from the budget.</summary>
    /// <param name="write">The rows.</param>
    public long BytesNeeded(in ShardWrite write) => BytesNeeded(RowsOf(write).End);

    /// <summary>Bytes that blocks for the first rows would take from the budget.</summary>
    /// <param name="rows">How many rows.</param>
    internal long BytesNeeded(long rows)
    {
        lock (_lock)
        {
            return Math.Max(0, BlocksOf(rows) - _blocks.Count) * Layout.BlockBytes;
        }
    }

    /// <summary>Packs part of prepared rows. Parts that do not share a block may be packed side by side.</summary>
    /// <param name="write">The rows.</param>
    /// <param name="part">Which of them, by place in the shard; inside one block.</param>
    /// <exception cref="StaleWriteException">A newer reservation has written here.</exception>
    public void PackPart(in ShardWrite write, PositionRange part) => Pack(write, part, write.Fence);

    private void Pack(in ShardWrite write, PositionRange part, long fence)
    {
        int block = (int)(part.Start / SequenceFormat.BlockLength);
        int from = (int)part.Start - write.FirstIdx;
        int count = (int)part.Length;
        using PreparedKeys k = PreparedKeys.Of(write, part);
        KvBlock target;
        lock (_lock)
        {
            // Stays while the write runs, whatever else is given up.
            target = _blocks[block];
        }

        // The fence is looked at again inside the block's lock: a newer write raises it before it packs, so a late
        // write either finishes first and is overwritten, or is refused here.
        lock (target)
        {
            ThrowIfStale(fence);
            KvPacker.Pack(
                Layout,
                target.Bytes,
                (int)(part.Start % SequenceFormat.BlockLength),
                k.Rows,
                write.V.Span.Slice(from * write.VRow, count * write.VRow));
        }
    }

    /// <summary>
    /// Marks prepared and packed rows as written. A write that a newer one has overtaken is refused even now: in the store
    /// it may stand behind that one, and would be taken for a late one when the shard is read back.
    /// </summary>
    /// <param name="write">The rows.</param>
    /// <exception cref="StaleWriteException">A newer reservation has written here.</exception>
    public void Complete(in ShardWrite write)
    {
        lock (_lock)
        {
            ThrowIfStale(write.Fence);
            _running.Remove(RowsOf(write));
            AddWritten(RowsOf(write));
        }
    }

    /// <summary>
    /// Begins to fill in committed rows that were written elsewhere. <see cref="EndCatchUp"/> must follow.
    /// </summary>
    /// <param name="committedRows">Rows that are committed.</param>
    /// <returns>The rows that are missing here.</returns>
    public PositionRange BeginCatchUp(int committedRows)
    {
        lock (_lock)
        {
            PositionRange missing = new(Math.Min(ContiguousLength, committedRows), committedRows);
            _running.Add(missing);
            return missing;
        }
    }

    /// <summary>Packs rows that are missing here. No fence is looked at: what is committed stands.</summary>
    /// <param name="write">Rows as the store has them.</param>
    /// <param name="missing">See <see cref="BeginCatchUp"/>.</param>
    /// <exception cref="CapacityExceededException">The budget cannot pay for the blocks.</exception>
    public void CatchUp(in ShardWrite write, PositionRange missing)
    {
        PositionRange rows = RowsOf(write).Intersect(missing);
        if (rows.IsEmpty)
        {
            return;
        }

        lock (_lock)
        {
            AddBlocksFor(rows.End);
        }

        foreach (PositionRange part in BlockParts.Of(rows.Start, rows.Length))
        {
            Pack(write, part, fence: long.MaxValue);
        }
    }

    /// <summary>Makes rows that were filled in readable, and certain where those before them are.</summary>
    /// <param name="missing">See <see cref="BeginCatchUp"/>.</param>
    /// <param name="found">Up to where they were filled in.</param>
    public void EndCatchUp(PositionRange missing, long found)
    {
        lock (_lock)
        {
            _running.Remove(missing);
            if (found > missing.Start)
            {
                AddWritten(new PositionRange(missing.Start, found));
                if (_certain >= missing.Start)
                {
                    // Otherwise rows before them may still be those of a reservation that was given up.
                    _certain = (int)Math.Max(_certain, Math.Min(found, ContiguousLength));
                }
            }
            else
            {
                ReleaseUnneededBlocks();
            }
        }
    }

    /// <summary>Gives prepared rows up: memory that only they needed is let go.</summary>
    /// <param name="write">The rows.</param>
    public void Abandon(in ShardWrite write)
    {
        lock (_lock)
        {
            _running.Remove(RowsOf(write));
            ReleaseUnneededBlocks();
        }
    }

    /// <summary>Forgets rows of a reservation that was given up, and of those behind it. Nothing happens once a newer one has written.</summary>
    /// <param name="length">Rows to keep.</param>
    /// <param name="fence">The fence of the reservation that was given up.</param>
    public void Trim(int length, long fence)
    {
        lock (_lock)
        {
            if (Volatile.Read(ref _fence) > fence)
            {
                return;
            }

            Keep(length);
        }
    }

    /// <summary>Leases the block table that holds at least the first <paramref name="length"/> rows; null if not all of them are written here.</summary>
    /// <param name="length">Rows the caller will read.</param>
    public BlockTable? TryLeaseTable(int length)
    {
        lock (_lock)
        {
            if (ContiguousLength < length)
            {
                return null;
            }

            _table.Lease();
            return _table;
        }
    }

    /// <summary>Leases the block table that holds at least the first <paramref name="length"/> rows.</summary>
    /// <param name="length">Rows the caller will read.</param>
    /// <exception cref="InvalidOperationException">Not all of them are written here.</exception>
    public BlockTable LeaseTable(int length) =>
        TryLeaseTable(length) ?? throw new InvalidOperationException($"Shard {Id} holds {ContiguousLength} rows, not {length}.");

    /// <inheritdoc/>
    protected override void Free()
    {
        _table.Release();
        foreach (KvBlock block in _blocks)
        {
            block.Release();
        }
    }

    private void ThrowIfStale(long fence)
    {
        long current = Volatile.Read(ref _fence);
        if (fence < current)
        {
            throw new StaleWriteException(Id, fence, current);
        }
    }

    private static PositionRange RowsOf(in ShardWrite write) => new(write.FirstIdx, (long)write.FirstIdx + write.Count);

    private static int BlocksOf(long rows) => (int)((rows + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength);

    private void Keep(int length)
    {
        PositionRange kept = new(0, length);
        PositionRange[] before = [.. _written];
        _written.Clear();
        _written.AddRange(before.Select(w => w.Intersect(kept)).Where(static w => !w.IsEmpty));
        _certain = Math.Min(_certain, length);
        ReleaseUnneededBlocks();
    }

    /// <summary>All of them or none.</summary>
    /// <param name="rows">Rows that there is to be room for, from the first on.</param>
    /// <param name="filled">Blocks, from the first on, all rows of which will be written before any is read.</param>
    private void AddBlocksFor(long rows, long filled = 0)
    {
        int had = _blocks.Count;
        try
        {
            while (_blocks.Count < BlocksOf(rows))
            {
                KvBlock block = new(Layout.BlockBytes, _budget, isFilled: _blocks.Count < filled);
                _blocks.Add(block);
                KvPacker.ClearBounds(Layout, block.Bytes);
            }
        }
        catch
        {
            ReleaseBlocksFrom(had);
            throw;
        }

        if (_blocks.Count > had)
        {
            ReplaceTable();
        }
    }

    /// <summary>Lets go of blocks at the end that no written row and no running write needs; readers keep theirs.</summary>
    private void ReleaseUnneededBlocks()
    {
        long end = _written.Count > 0 ? _written[^1].End : 0;
        foreach (PositionRange running in _running)
        {
            end = Math.Max(end, running.End);
        }

        if (BlocksOf(end) < _blocks.Count)
        {
            ReleaseBlocksFrom(BlocksOf(end));
            ReplaceTable();
        }
    }

    private void ReleaseBlocksFrom(int first)
    {
        foreach (KvBlock block in _blocks[first..])
        {
            block.Release();
        }

        _blocks.RemoveRange(first, _blocks.Count - first);
    }

    private void ReplaceTable()
    {
        BlockTable old = _table;
        _table = new BlockTable([.. _blocks]);
        old.Release();
    }

    /// <summary>Keeps the written ranges sorted, disjoint and merged; almost always there is one.</summary>
    private void AddWritten(PositionRange added)
    {
        int at = 0;
        while (at < _written.Count && _written[at].End < added.Start)
        {
            at++;
        }

        while (at < _written.Count && _written[at].Start <= added.End)
        {
            added = new PositionRange(Math.Min(added.Start, _written[at].Start), Math.Max(added.End, _written[at].End));
            _written.RemoveAt(at);
        }

        _written.Insert(at, added);
    }
}
