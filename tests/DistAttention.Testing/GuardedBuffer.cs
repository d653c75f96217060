using System.Runtime.InteropServices;

namespace DistAttention.Testing;

/// <summary>Memory with sentinels at both ends: shows whether a kernel wrote, or used what it read, outside.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed class GuardedBuffer<T>
    where T : unmanaged
{
    private const int Guard = 64;
    private const byte Sentinel = 0xFF; // NaN as a float, so that what is read outside and used shows

    private readonly T[] _memory;

    /// <summary>Allocates zeros between sentinels.</summary>
    /// <param name="length">Elements.</param>
    public GuardedBuffer(int length)
    {
        _memory = new T[length + (2 * Guard)];
        MemoryMarshal.AsBytes(_memory.AsSpan()).Fill(Sentinel);
        Span.Clear();
    }

    /// <summary>Allocates a copy between sentinels.</summary>
    /// <param name="content">What to copy.</param>
    public GuardedBuffer(ReadOnlySpan<T> content)
        : this(content.Length) => content.CopyTo(Span);

    /// <summary>The memory between the sentinels.</summary>
    public Span<T> Span => _memory.AsSpan(Guard, _memory.Length - (2 * Guard));

    /// <summary>Whether the sentinels are as they were.</summary>
    public bool IsIntact =>
        !MemoryMarshal.AsBytes(_memory.AsSpan(0, Guard)).ContainsAnyExcept(Sentinel)
        && !MemoryMarshal.AsBytes(_memory.AsSpan(_memory.Length - Guard)).ContainsAnyExcept(Sentinel);
}
