using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace DistAttention.Engine.Memory;

/// <summary>
/// Where the memory of blocks comes from. Blocks that are not small come from slabs of huge pages on Linux: streaming them costs
/// fewer address translations, and so does filling them. Everything else comes from the native heap. What is freed goes back to the system,
/// unless somebody has said that he is about to need as much (<see cref="Expect"/>): memory that is taken over is not zeroed once more.
/// </summary>
internal sealed unsafe class BlockMemory
{
    private const nuint CacheLine = 64;
    private const long SmallestInSlab = 32 << 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<(nint Memory, BlockSlab Slab)>> _kept = []; // by length
    private BlockSlab? _slab; // the one that blocks are cut from now
    private int _expecting;
    private long _expectedBytes;

    /// <summary>Keeps what is freed, up to so many bytes, for blocks of the same length; until the end of the expectation.</summary>
    /// <param name="bytes">About to be allocated.</param>
    public Expectation Expect(long bytes)
    {
        lock (_lock)
        {
            _expecting++;
            _expectedBytes += bytes;
        }

        return new Expectation(this);
    }

    /// <summary>Allocates memory, 64-byte aligned.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="slab">What it was cut from; null for the native heap.</param>
    /// <param name="isUsed">Whether it holds what it held before; otherwise it is zeroed.</param>
    /// <exception cref="OutOfMemoryException">The system has none.</exception>
    public byte* Allocate(long bytes, out BlockSlab? slab, out bool isUsed)
    {
        isUsed = false;
        if (OperatingSystem.IsLinux() && bytes >= SmallestInSlab)
        {
            lock (_lock)
            {
                if (_kept.TryGetValue(bytes, out Stack<(nint Memory, BlockSlab Slab)>? kept) && kept.TryPop(out (nint Memory, BlockSlab Slab) used))
                {
                    isUsed = true;
                    slab = used.Slab;
                    return (byte*)used.Memory;
                }

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
    public void Free(byte* memory, long bytes, BlockSlab? slab)
    {
        if (!OperatingSystem.IsLinux() || slab is null)
        {
            NativeMemory.AlignedFree(memory);
            return;
        }

        lock (_lock)
        {
            if (_expectedBytes >= bytes)
            {
                _expectedBytes -= bytes;
                if (!_kept.TryGetValue(bytes, out Stack<(nint Memory, BlockSlab Slab)>? kept))
                {
                    _kept.Add(bytes, kept = []);
                }

                kept.Push(((nint)memory, slab));
                return;
            }
        }

        slab.Free(memory, bytes);
    }

    /// <summary>With the last expectation goes what was kept for nothing.</summary>
    private void EndExpectation()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // nothing was kept
        }

        KeyValuePair<long, Stack<(nint Memory, BlockSlab Slab)>>[] unused;
        lock (_lock)
        {
            if (--_expecting > 0)
            {
                return;
            }

            _expectedBytes = 0;
            unused = [.. _kept];
            _kept.Clear();
        }

        Free(unused);
    }

    [SupportedOSPlatform("linux")]
    private static void Free(KeyValuePair<long, Stack<(nint Memory, BlockSlab Slab)>>[] blocks)
    {
        foreach ((long bytes, Stack<(nint Memory, BlockSlab Slab)> same) in blocks)
        {
            foreach ((nint memory, BlockSlab slab) in same)
            {
                slab.Free((byte*)memory, bytes);
            }
        }
    }

    /// <summary>While it lasts, freed memory is kept.</summary>
    public readonly struct Expectation(BlockMemory memory) : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => memory.EndExpectation();
    }
}
