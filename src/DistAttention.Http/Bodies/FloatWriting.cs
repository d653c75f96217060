using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace DistAttention.Http.Bodies;

/// <summary>Writes float32 to a response, little-endian, as fast as the caller takes it.</summary>
internal static class FloatWriting
{
    private const int BytesBetweenFlushes = 64 * 1024;

    /// <summary>Writes elements; waits whenever the connection's buffer is full.</summary>
    /// <param name="to">The response.</param>
    /// <param name="elements">The elements.</param>
    /// <param name="cancellationToken">The caller has hung up.</param>
    public static async ValueTask WriteFloatsAsync(this PipeWriter to, ReadOnlyMemory<float> elements, CancellationToken cancellationToken)
    {
        int waiting = 0;
        while (!elements.IsEmpty)
        {
            int written = WriteSome(to, elements.Span);
            elements = elements[written..];
            waiting += written * sizeof(float);
            if (waiting >= BytesBetweenFlushes || elements.IsEmpty)
            {
                waiting = 0;
                FlushResult flushed = await to.FlushAsync(cancellationToken).ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    throw new OperationCanceledException("The caller takes no more of the answer.");
                }
            }
        }
    }

    private static int WriteSome(PipeWriter to, ReadOnlySpan<float> elements)
    {
        Span<byte> room = to.GetSpan(sizeof(float));
        int count = Math.Min(room.Length / sizeof(float), elements.Length);
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(elements[..count]).CopyTo(room);
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(room[(i * sizeof(float))..], elements[i]);
            }
        }

        to.Advance(count * sizeof(float));
        return count;
    }
}
