using System.Runtime.InteropServices;

namespace DistAttention.Engine.Memory;

/// <summary>
/// Where the memory of blocks comes from. Blocks that are not small come from slabs of huge pages on Linux: streaming them costs
/// fewer address translations, and so does filling them. Everything else comes from the native heap.
/// </summary>
internal sealed unsafe class BlockMemory
{
    private const nuint CacheLine = 64;
    private const long SmallestInSlab = 32 << 10;

    private readonly Lock _lock = new();
    private BlockSlab? _slab; // the one that blocks are cut from now

    /// <summary>Allocates zeroed memory, 64-byte aligned.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="slab">What it was cut from; null for the native heap.</param>
    /// <exception cref="OutOfMemoryException">The system has none.</exception>
    public byte* Allocate(long bytes, out BlockSlab? slab)
    {
        if (OperatingSystem.IsLinux() && bytes >= SmallestInSlab)
        {
            lock (_lock)
            {
                byte* block = _slab == null ? null : _slab.Cut(bytes);
                if (block == null)
                {
                    _slab = BlockSlab.Reserve(bytes);
                    block = _slab == null ? null : _slab.Cut(bytes);
                }

                slab = _slab;
                if (block != null)
                {
                    return block;
                }
            }
        }

        slab = null;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, CacheLine);
        NativeMemory.Clear(memory, (nuint)bytes);
        return memory;
    }

    /// <summary>Frees what <see cref="Allocate"/> gave.</summary>
    public static void Free(byte* memory, long bytes, BlockSlab? slab)
    {
        if (OperatingSystem.IsLinux() && slab != null)
        {
            slab.Free(memory, bytes);
        }
        else
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
