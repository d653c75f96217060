using DistAttention.Engine.Memory;
using DistAttention.Kernels;

namespace DistAttention.Engine.Shards;

public sealed partial class Shard
{
    /// <summary>Copies whole blocks as they lie in memory, for another process that is to hold them. Rows that are committed never change, so it may be done while others write.</summary>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="mostBytes">How much at most; at least one block is copied where there is one.</param>
    /// <returns>The blocks; empty behind the last one; null if not all these rows are here.</returns>
    internal byte[]? CopyBlocks(int rows, int firstBlock, int mostBytes)
    {
        if (TryLeaseTable(rows) is not { } table)
        {
            return null;
        }

        try
        {
            int last = Math.Min(BlocksOf(rows), firstBlock + (int)Math.Max(1, mostBytes / Layout.BlockBytes));
            byte[] bytes = new byte[Math.Max(0, last - firstBlock) * Layout.BlockBytes];
            for (int block = firstBlock; block < last; block++)
            {
                table.Blocks[block].Bytes.CopyTo(bytes.AsSpan((int)((block - firstBlock) * Layout.BlockBytes)));
            }

            return bytes;
        }
        finally
        {
            table.Release();
        }
    }

    /// <summary>Takes blocks that another process has copied. Nothing reads this shard yet.</summary>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="bytes">What <see cref="CopyBlocks"/> gave there.</param>
    /// <returns>The block after the last one.</returns>
    /// <exception cref="InvalidSpecException">They are of another shape, or more than a shard has.</exception>
    /// <exception cref="CapacityExceededException">There is no room for them.</exception>
    internal int Receive(int firstBlock, ReadOnlySpan<byte> bytes)
    {
        int count = (int)(bytes.Length / Layout.BlockBytes);
        if (bytes.Length % Layout.BlockBytes != 0 || firstBlock < 0 || firstBlock + count > BlocksOf(Spec.ShardLength))
        {
            throw new InvalidSpecException(nameof(SequenceSpec), $"{bytes.Length} bytes at block {firstBlock} are not blocks of shard {Id}");
        }

        lock (_lock)
        {
            AddBlocksFor((long)(firstBlock + count) * SequenceFormat.BlockLength);
            for (int i = 0; i < count; i++)
            {
                bytes.Slice((int)(i * Layout.BlockBytes), (int)Layout.BlockBytes).CopyTo(_blocks[firstBlock + i].Bytes);
            }
        }

        return firstBlock + count;
    }

    /// <summary>Makes received rows readable: from now on this is the shard.</summary>
    /// <param name="rows">Rows that are committed; the blocks of all of them were received.</param>
    /// <param name="fence">The fence since when they are here: writes of an older one are refused.</param>
    /// <exception cref="InvalidOperationException">Some were not received.</exception>
    internal void Arrive(int rows, long fence)
    {
        lock (_lock)
        {
            if (_blocks.Count < BlocksOf(rows))
            {
                throw new InvalidOperationException($"Of shard {Id}, {_blocks.Count} blocks have come, not {BlocksOf(rows)}.");
            }

            Volatile.Write(ref _fence, Math.Max(_fence, fence));
            _written.Clear();
            if (rows > 0)
            {
                _written.Add(new PositionRange(0, rows));
            }

            _certain = rows;
            ReleaseUnneededBlocks();
        }
    }
}
