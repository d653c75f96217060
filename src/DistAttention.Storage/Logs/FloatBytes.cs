using System.Buffers;
using System.Runtime.InteropServices;

namespace DistAttention.Storage.Logs;

/// <summary>The bytes of an array of floats as memory that a file can be read into.</summary>
internal sealed class FloatBytes(float[] floats) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(floats.AsSpan());

    /// <summary>For reads that go to the operating system while the caller waits.</summary>
    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        GCHandle pinned = GCHandle.Alloc(floats, GCHandleType.Pinned);
        return new MemoryHandle((byte*)pinned.AddrOfPinnedObject() + elementIndex, pinned);
    }

    public override void Unpin()
    {
        // The handle itself is the caller's, and ends the pin.
    }

    protected override void Dispose(bool disposing)
    {
    }
}
