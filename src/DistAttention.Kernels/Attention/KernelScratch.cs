using System.Runtime.InteropServices;

namespace DistAttention.Kernels;

/// <summary>
/// The working memory of one compute thread: native, aligned, kept between calls and grown when a call needs more, so
/// that kernels allocate nothing. Not safe for use by two threads at once.
/// </summary>
public sealed unsafe class KernelScratch : IDisposable
{
    private const int Alignment = 64;

    private byte* _memory;
    private long _used;

    /// <summary>Frees the memory if it was not disposed.</summary>
    ~KernelScratch() => Free();

    /// <summary>Bytes held.</summary>
    public long Capacity { get; private set; }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Bytes that <see cref="Take{T}"/> uses for so many elements.</summary>
    internal static long Size<T>(long count)
        where T : unmanaged => ((count * sizeof(T)) + Alignment - 1) / Alignment * Alignment;

    /// <summary>Makes room for a call; what an earlier call took is given up.</summary>
    internal void Begin(long bytes)
    {
        _used = 0;
        if (bytes <= Capacity)
        {
            return;
        }

        Free();
        _memory = (byte*)NativeMemory.AlignedAlloc(checked((nuint)bytes), Alignment);
        Capacity = bytes;
        GC.AddMemoryPressure(bytes);
    }

    /// <summary>Uninitialised memory until the next <see cref="Begin"/>.</summary>
    internal T* Take<T>(long count)
        where T : unmanaged
    {
        long size = Size<T>(count);
        if (_used + size > Capacity)
        {
            throw new InvalidOperationException($"The scratch of {Capacity} bytes has no room for {size} more than the {_used} taken.");
        }

        T* result = (T*)(_memory + _used);
        _used += size;
        return result;
    }

    private void Free()
    {
        if (_memory != null)
        {
            NativeMemory.AlignedFree(_memory);
            GC.RemoveMemoryPressure(Capacity);
            _memory = null;
            Capacity = 0;
        }
    }
}
