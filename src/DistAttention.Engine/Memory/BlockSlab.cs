using System.Runtime.Versioning;

namespace DistAttention.Engine.Memory;

/// <summary>
/// A reservation of huge pages that blocks are cut from, one behind the other, each place once. What a freed block took goes
/// back to the system at once, the reservation with the last block.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class BlockSlab
{
    /// <summary>Large enough that what blocks leave unused at its end is little; untouched, it costs only addresses.</summary>
    private const long LeastBytes = 32 * LinuxPages.HugePage;

    private const long CacheLine = 64;

    private readonly Lock _lock = new();
    private readonly long _bytes;
    private byte* _start;
    private long _cut;
    private int _blocks;

    private BlockSlab(byte* start, long bytes)
    {
        _start = start;
        _bytes = bytes;
    }

    /// <summary>Reserves a slab with room for a block; null when the system refuses.</summary>
    public static BlockSlab? Reserve(long blockBytes)
    {
        long bytes = Math.Max(LeastBytes, (blockBytes + LinuxPages.HugePage - 1) / LinuxPages.HugePage * LinuxPages.HugePage);
        byte* start = LinuxPages.Reserve(bytes);
        return start == null ? null : new BlockSlab(start, bytes);
    }

    /// <summary>Zeroed memory, 64-byte aligned; null when the slab is used up or was released.</summary>
    public byte* Cut(long bytes)
    {
        lock (_lock)
        {
            if (_start == null || _cut + bytes > _bytes)
            {
                return null;
            }

            byte* block = _start + _cut;
            _cut += (bytes + CacheLine - 1) / CacheLine * CacheLine;
            _blocks++;
            return block;
        }
    }

    /// <summary>Frees a block.</summary>
    public void Free(byte* block, long bytes)
    {
        lock (_lock)
        {
            if (--_blocks > 0)
            {
                LinuxPages.Discard(block, bytes);
                return;
            }

            LinuxPages.Release(_start, _bytes);
            _start = null;
        }
    }
}
