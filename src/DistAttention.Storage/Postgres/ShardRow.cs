using DistAttention.Engine.Shards;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Postgres;

/// <summary>A row of the table <c>shards</c>.</summary>
/// <param name="Id">Its number, which every record of the shard names.</param>
/// <param name="Header">Whose rows its records hold, and how they are laid out.</param>
internal sealed record ShardRow(long Id, SegmentHeader Header)
{
    /// <summary>The header's bytes.</summary>
    public static byte[] HeaderOf(ShardId shard, SequenceSpec spec)
    {
        byte[] bytes = new byte[SegmentHeader.Length];
        new SegmentHeader(shard, spec).Write(bytes);
        return bytes;
    }

    /// <summary>Reads a row.</summary>
    /// <param name="place">For messages.</param>
    /// <param name="shard">The shard it must be of.</param>
    /// <param name="id">Its number.</param>
    /// <param name="header">The header's bytes, untrusted.</param>
    /// <exception cref="StorageDamagedException">They are not what was written.</exception>
    public static ShardRow Decode(string place, ShardId shard, long id, ReadOnlySpan<byte> header)
    {
        SegmentHeader? read = SegmentHeader.TryRead(place, header);
        return read is not null && read.Shard == shard
            ? new ShardRow(id, read)
            : throw new StorageDamagedException(place, 0, default, read is null ? "its header is not what was written" : $"its header is of shard {read.Shard}");
    }
}
