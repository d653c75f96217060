using DistAttention.Kernels;

namespace DistAttention.Engine.Shards;

/// <summary>Rows as a store keeps them.</summary>
/// <param name="FirstIdx">Place of the first row, counted from the shard's first position.</param>
/// <param name="Count">How many of the rows count, from the first on.</param>
/// <param name="StoredCount">Rows in <paramref name="Bytes"/>.</param>
/// <param name="Bytes">All of them as <see cref="KvRows"/> writes them, checked by the store.</param>
public readonly ref struct StoredRows(int FirstIdx, int Count, int StoredCount, ReadOnlySpan<byte> Bytes)
{
    /// <summary>Place of the first row, counted from the shard's first position.</summary>
    public int FirstIdx { get; } = FirstIdx;

    /// <summary>How many of the rows count, from the first on.</summary>
    public int Count { get; } = Count;

    /// <summary>Rows in <see cref="Bytes"/>.</summary>
    public int StoredCount { get; } = StoredCount;

    /// <summary>All of them as <see cref="KvRows"/> writes them, checked by the store.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = Bytes;

    /// <summary>The places that count.</summary>
    internal PositionRange Range => new(FirstIdx, (long)FirstIdx + Count);
}
