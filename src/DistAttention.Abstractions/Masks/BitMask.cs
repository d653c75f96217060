using System.Globalization;

namespace DistAttention;

/// <summary>
/// Any mask at all, bit by bit: bit [i, j] says whether the query at <see cref="FirstQuery"/> + i sees position <see cref="FirstKv"/> + j.
/// What lies outside the bits is hidden.
/// </summary>
public sealed record BitMask : AttentionMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="bits">[queries, positions].</param>
    /// <param name="firstQuery">See <see cref="FirstQuery"/>.</param>
    /// <param name="firstKv">See <see cref="FirstKv"/>.</param>
    /// <param name="source">Where the bits come from, for texts.</param>
    public BitMask(BitMatrix bits, long firstQuery = 0, long firstKv = 0, string? source = null)
    {
        ArgumentNullException.ThrowIfNull(bits);
        Bits = bits;
        FirstQuery = MaskRules.InRange(firstQuery, nameof(FirstQuery), -MaskRules.Farthest);
        FirstKv = MaskRules.InRange(firstKv, nameof(FirstKv), 0);
        Source = source;
    }

    /// <summary>[queries, positions].</summary>
    public BitMatrix Bits { get; }

    /// <summary>Position of the query of row 0.</summary>
    public long FirstQuery { get; }

    /// <summary>Position of column 0.</summary>
    public long FirstKv { get; }

    /// <summary>Where the bits come from, for texts; no part of equality.</summary>
    public string? Source { get; }

    /// <summary>Queries that the bits speak of.</summary>
    public PositionRange QueryExtent => new(FirstQuery, FirstQuery + Bits.Rows);

    /// <summary>Positions that the bits speak of.</summary>
    public PositionRange KvExtent => new(FirstKv, FirstKv + Bits.Columns);

    /// <inheritdoc/>
    public override bool HasData => true;

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        long row = qPos - FirstQuery;
        long column = kvPos - FirstKv;
        return row >= 0 && row < Bits.Rows && column >= 0 && column < Bits.Columns && Bits[(int)row, (int)column];
    }

    /// <inheritdoc/>
    /// <remarks>One piece per range of positions, cut to whole words.</remarks>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        PositionRange rows = q.Intersect(QueryExtent);
        List<AttentionMask> pieces = [];
        foreach (PositionRange range in kv)
        {
            PositionRange columns = WholeWords(range);
            if (!rows.IsEmpty && !columns.IsEmpty)
            {
                BitMatrix bits = Bits.Slice((int)(rows.Start - FirstQuery), (int)rows.Length, (int)(columns.Start - FirstKv), (int)columns.Length);
                pieces.Add(new BitMask(bits, rows.Start, columns.Start, Source));
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

        return q.Intersect(QueryExtent).Length * words * sizeof(uint);
    }

    /// <inheritdoc/>
    public bool Equals(BitMask? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Source is not null
        ? string.Create(CultureInfo.InvariantCulture, $"bits:{MaskText.Quote(Source)},at={FirstQuery}{(FirstKv == 0 ? "" : $",kv={FirstKv}")}")
        : MaskText.Summary("bits", $"[{Bits.Rows}, {Bits.Columns}]", ContentHash);

    private PositionRange WholeWords(PositionRange kv)
    {
        PositionRange inside = kv.Intersect(KvExtent);
        return inside.IsEmpty ? inside : new(FirstKv + ((inside.Start - FirstKv) / 32 * 32), inside.End);
    }

    private protected override void Describe(MaskDigest digest) => Bits.DescribeTo(digest.Kind("bits").Add(FirstQuery).Add(FirstKv));
}
