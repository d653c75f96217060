using System.Globalization;

namespace DistAttention;

/// <summary>
/// Any pattern of blocks: bit [i, j] of the map says whether queries <see cref="FirstQuery"/> + [i, i + 1) · <see cref="QueryBlock"/> see
/// positions <see cref="FirstKv"/> + [j, j + 1) · <see cref="KvBlock"/> (block-sparse attention: Sparse Transformers, Child et al. 2019; FlashInfer's
/// block-sparse matrices, Ye et al. 2025). What lies outside the map is hidden.
/// </summary>
public sealed record BlockSparseMask : AttentionMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="map">[blocks of queries, blocks of positions].</param>
    /// <param name="queryBlock">See <see cref="QueryBlock"/>.</param>
    /// <param name="kvBlock">See <see cref="KvBlock"/>.</param>
    /// <param name="firstQuery">See <see cref="FirstQuery"/>.</param>
    /// <param name="firstKv">See <see cref="FirstKv"/>.</param>
    /// <param name="source">Where the map comes from, for texts.</param>
    public BlockSparseMask(BitMatrix map, int queryBlock, int kvBlock, long firstQuery = 0, long firstKv = 0, string? source = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        Map = map;
        QueryBlock = (int)MaskRules.InRange(queryBlock, nameof(QueryBlock), 1, 1 << 24);
        KvBlock = (int)MaskRules.InRange(kvBlock, nameof(KvBlock), 1, 1 << 24);
        FirstQuery = MaskRules.InRange(firstQuery, nameof(FirstQuery), -MaskRules.Farthest);
        FirstKv = MaskRules.InRange(firstKv, nameof(FirstKv), 0);
        Source = source;
    }

    /// <summary>[blocks of queries, blocks of positions].</summary>
    public BitMatrix Map { get; }

    /// <summary>Queries per block.</summary>
    public int QueryBlock { get; }

    /// <summary>Positions per block.</summary>
    public int KvBlock { get; }

    /// <summary>Position of the first query of row 0.</summary>
    public long FirstQuery { get; }

    /// <summary>First position of column 0.</summary>
    public long FirstKv { get; }

    /// <summary>Where the map comes from, for texts; no part of equality.</summary>
    public string? Source { get; }

    /// <summary>Queries that the map speaks of.</summary>
    public PositionRange QueryExtent => new(FirstQuery, FirstQuery + ((long)Map.Rows * QueryBlock));

    /// <summary>Positions that the map speaks of.</summary>
    public PositionRange KvExtent => new(FirstKv, FirstKv + ((long)Map.Columns * KvBlock));

    /// <inheritdoc/>
    public override bool HasData => true;

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        long row = MaskRules.FloorDiv(qPos - FirstQuery, QueryBlock);
        long column = MaskRules.FloorDiv(kvPos - FirstKv, KvBlock);
        return row >= 0 && row < Map.Rows && column >= 0 && column < Map.Columns && Map[(int)row, (int)column];
    }

    /// <inheritdoc/>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        PositionRange rows = Blocks(q.Intersect(QueryExtent), FirstQuery, QueryBlock);
        List<AttentionMask> pieces = [];
        foreach (PositionRange range in kv)
        {
            PositionRange columns = WholeWords(range);
            if (!rows.IsEmpty && !columns.IsEmpty)
            {
                BitMatrix map = Map.Slice((int)rows.Start, (int)rows.Length, (int)columns.Start, (int)columns.Length);
                pieces.Add(new BlockSparseMask(map, QueryBlock, KvBlock, FirstQuery + (rows.Start * QueryBlock), FirstKv + (columns.Start * KvBlock), Source));
            }
        }

        return UnionMask.Of([.. pieces]);
    }

    /// <inheritdoc/>
    public override long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        long words = 0;
        foreach (PositionRange range in kv)
        {
            words += (WholeWords(range).Length + 31) / 32;
        }

        return Blocks(q.Intersect(QueryExtent), FirstQuery, QueryBlock).Length * words * sizeof(uint);
    }

    /// <inheritdoc/>
    public bool Equals(BlockSparseMask? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString()
    {
        if (Source is null)
        {
            return MaskText.Summary("blocks", $"[{Map.Rows}, {Map.Columns}] of {QueryBlock}x{KvBlock}", ContentHash);
        }

        string block = QueryBlock == KvBlock ? $"{QueryBlock}" : $"{QueryBlock}x{KvBlock}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"blocks:{MaskText.Quote(Source)},block={block},at={FirstQuery}{(FirstKv == 0 ? "" : $",kv={FirstKv}")}");
    }

    /// <summary>The blocks that hold some of a range inside the extent.</summary>
    private static PositionRange Blocks(PositionRange inside, long first, int block) =>
        inside.IsEmpty ? new(0, 0) : new((inside.Start - first) / block, ((inside.End - 1 - first) / block) + 1);

    private PositionRange WholeWords(PositionRange kv)
    {
        PositionRange blocks = Blocks(kv.Intersect(KvExtent), FirstKv, KvBlock);
        return blocks with { Start = blocks.Start / 32 * 32 };
    }

    private protected override void Describe(MaskDigest digest) =>
        Map.DescribeTo(digest.Kind("blocks").Add(QueryBlock).Add(KvBlock).Add(FirstQuery).Add(FirstKv));
}
