namespace DistAttention.Kernels;

/// <summary>
/// What a kernel needs to know of one call, in raw pointers that the call keeps pinned. Query vectors are numbered
/// row · GroupSize + head within the group, so that one number runs over everything that reads one K/V head.
/// </summary>
internal unsafe struct NodeJob
{
    public KvLayout Layout;
    public nint* Blocks;
    public PositionRange Positions;
    public long FirstBlockPosition;
    public int HeadKv;

    public float* Q;
    public int NumHeadsQ;
    public int GroupSize;
    public long FirstQueryPosition;
    public CompiledScore Score;
    public CompiledMask Mask;

    public KernelScratch Scratch;
    public CancellationToken Token;

    /// <summary>The query vectors of this chunk.</summary>
    public int FirstVector;
    public int VectorCount;

    /// <summary>Refuses arguments that would read outside the caller's memory.</summary>
    public static void Check(KvView kv, int headKv, QueryTile q, int firstRow, int rowCount)
    {
        KvLayout layout = kv.Layout;
        ArgumentOutOfRangeException.ThrowIfNegative(headKv);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(headKv, layout.NumHeadsKv);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, q.Rows - firstRow);
        if (q.NumHeadsQ % layout.NumHeadsKv != 0)
        {
            throw new ArgumentException($"{q.NumHeadsQ} query heads cannot be shared evenly by {layout.NumHeadsKv} K/V heads.", nameof(q));
        }

        if (q.Q.Length < (long)q.Rows * q.NumHeadsQ * layout.HeadDim)
        {
            throw new ArgumentException($"{q.Q.Length} floats are too few for [{q.Rows}, {q.NumHeadsQ}, {layout.HeadDim}].", nameof(q));
        }
    }

    /// <summary>
    /// Whether a tile may be computed from its first visible key on. Modifiers know keys by their place in the tile, and values that are a
    /// part of keys are copied from its start.
    /// </summary>
    public readonly bool StartsLate => Score.IsPlain && !Layout.ValueFromKeyPrefix;

    /// <summary>The job of a call; blocks and queries are its spans, pinned.</summary>
    public static NodeJob Create(KvView kv, nint* blocks, int headKv, QueryTile q, float* queries, KernelScratch scratch, CancellationToken token) => new()
    {
        Layout = kv.Layout,
        Blocks = blocks,
        Positions = kv.Positions,
        FirstBlockPosition = kv.FirstPosition,
        HeadKv = headKv,
        Q = queries,
        NumHeadsQ = q.NumHeadsQ,
        GroupSize = q.NumHeadsQ / kv.Layout.NumHeadsKv,
        FirstQueryPosition = q.FirstPosition,
        Score = q.Score,
        Mask = q.Mask,
        Scratch = scratch,
        Token = token,
    };

    /// <summary>q of one query vector, [HeadDim].</summary>
    public readonly float* Vector(int vector) => Q + (Slot(vector) * Layout.HeadDim);

    /// <summary>Index of (row, query head) in arrays of shape [rows, NumHeadsQ].</summary>
    public readonly nint Slot(int vector) =>
        ((nint)(vector / GroupSize) * NumHeadsQ) + (HeadKv * GroupSize) + (vector % GroupSize);

    public readonly int Row(int vector) => vector / GroupSize;

    public readonly int HeadQ(int vector) => (HeadKv * GroupSize) + (vector % GroupSize);

    /// <summary>How many query vectors from this one on lie equally far apart, and that distance in slots.</summary>
    public readonly int SameStride(int vector, int count, out nint stride)
    {
        stride = GroupSize == 1 ? NumHeadsQ : 1;
        return GroupSize == 1 ? count : Math.Min(count, GroupSize - (vector % GroupSize));
    }

    /// <summary>Positions of the rows that some query vectors belong to.</summary>
    public readonly PositionRange RowPositions(int firstVector, int count) =>
        new(FirstQueryPosition + (firstVector / GroupSize), FirstQueryPosition + ((firstVector + count - 1) / GroupSize) + 1);

    /// <summary>The block that starts at a position; 0 if the view has no memory for it.</summary>
    public readonly nint Block(long position) => Blocks[(ulong)(position - FirstBlockPosition) / SequenceFormat.BlockLength];

    /// <summary>Whether the view has no memory for the block that starts at a position.</summary>
    public readonly bool IsAbsent(long position) => Block(position) == 0;

    /// <summary>This head's section of the block that starts at a position.</summary>
    public readonly byte* Head(long position) => (byte*)Block(position) + Layout.HeadOffset(HeadKv);

    /// <summary>
    /// A bound on the size of every key component of the block, and of it times its scale: a score is finite when the
    /// query's sum of sizes times this is.
    /// </summary>
    public readonly float KeyBound(long position) =>
        ((float*)Block(position))[HeadKv];

    /// <param name="vector">The query vector.</param>
    /// <param name="head">K/V heads after <see cref="HeadKv"/>.</param>
    public readonly void ThrowScoreOverflow(int vector, int head = 0) =>
        throw new NumericOverflowException(Row(vector), HeadQ(vector) + (head * GroupSize), "A score");
}
