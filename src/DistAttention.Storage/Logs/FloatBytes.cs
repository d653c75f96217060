using System.Buffers;
using System.Runtime.InteropServices;

namespace DistAttention.Storage.Logs;

/// <summary>The bytes of an array of floats as memory that a file can be read into.</summary>
internal sealed class FloatBytes(float[] floats) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(floats.AsSpan());

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
