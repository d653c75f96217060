using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Http.Bodies;

/// <summary>
/// The bytes of a request's body, read once from front to back, straight from the connection's buffers into the caller's memory. Knows how many are left where the request
/// says how many there are, so that what a header declares is held against it before anything is allocated.
/// </summary>
/// <param name="pipe">The body.</param>
/// <param name="length">Its declared length; null: it comes in chunks and ends when it ends.</param>
internal sealed class BodyBytes(PipeReader pipe, long? length) : ITensorSource
{
    private const int ScratchBytes = 64 * 1024;

    private long _read;

    /// <summary>Bytes not read yet; null: not known.</summary>
    private long? Left => length - _read;

    /// <inheritdoc/>
    public TensorFileException Error(string problem, Exception? inner = null) => new("body", problem, inner);

    /// <summary>Refuses to read more than there is.</summary>
    /// <param name="bytes">What something declares.</param>
    /// <param name="what">What it is.</param>
    public void RequireLeft(long bytes, string what)
    {
        if (bytes > Left)
        {
            throw Error($"is truncated: {what} takes {bytes:N0} bytes, but {Left:N0} are left");
        }
    }

    /// <summary>Whether everything was read.</summary>
    public async ValueTask<bool> IsAtEndAsync(CancellationToken cancellationToken)
    {
        ReadResult read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
        while (read.Buffer.IsEmpty && !read.IsCompleted)
        {
            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        bool isAtEnd = read.Buffer.IsEmpty;
        pipe.AdvanceTo(read.Buffer.Start);
        return isAtEnd;
    }

    /// <summary>Fills memory.</summary>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="what">What they are, for errors.</param>
    /// <param name="cancellationToken">The caller has hung up.</param>
    public async ValueTask ReadExactlyAsync(Memory<byte> destination, string what, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            ReadResult read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            int count = (int)Math.Min(read.Buffer.Length, destination.Length);
            read.Buffer.Slice(0, count).CopyTo(destination.Span);
            destination = destination[count..];
            Advance(read, count, what, !destination.IsEmpty);
        }
    }

    /// <summary>Reads elements as float32.</summary>
    /// <param name="type">How they are sent.</param>
    /// <param name="destination">Receives them.</param>
    /// <param name="what">What they are, for errors.</param>
    /// <param name="cancellationToken">The caller has hung up.</param>
    public ValueTask ReadFloatsAsync(TensorDataType type, Memory<float> destination, string what, CancellationToken cancellationToken) => type switch
    {
        TensorDataType.Float32 => ReadFloatsAsync<Float32Decoder>(type, destination, what, cancellationToken),
        TensorDataType.Float16 => ReadFloatsAsync<Float16Decoder>(type, destination, what, cancellationToken),
        TensorDataType.BFloat16 => ReadFloatsAsync<BFloat16Decoder>(type, destination, what, cancellationToken),
        _ => ReadFloatsAsync<Float64Decoder>(type, destination, what, cancellationToken),
    };

    private async ValueTask ReadFloatsAsync<TDecoder>(TensorDataType type, Memory<float> destination, string what, CancellationToken cancellationToken)
        where TDecoder : IElementDecoder
    {
        int size = type.Size();
        bool asIs = type == TensorDataType.Float32 && BitConverter.IsLittleEndian;
        byte[]? scratch = asIs ? null : ArrayPool<byte>.Shared.Rent(ScratchBytes);
        try
        {
            while (!destination.IsEmpty)
            {
                ReadResult read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
                int count = (int)Math.Min(read.Buffer.Length / size, destination.Length);
                if (scratch is null)
                {
                    read.Buffer.Slice(0, (long)count * size).CopyTo(MemoryMarshal.AsBytes(destination.Span));
                }
                else
                {
                    count = Math.Min(count, ScratchBytes / size);
                    Span<byte> bytes = scratch.AsSpan(0, count * size);
                    read.Buffer.Slice(0, bytes.Length).CopyTo(bytes);
                    int refused = TDecoder.Decode(bytes, destination.Span[..count]);
                    if (refused >= 0)
                    {
                        pipe.AdvanceTo(read.Buffer.Start);
                        throw Error($"holds a value beyond float32 in {what}");
                    }
                }

                destination = destination[count..];
                Advance(read, (long)count * size, what, !destination.IsEmpty);
            }
        }
        finally
        {
            if (scratch is not null)
            {
                ArrayPool<byte>.Shared.Return(scratch);
            }
        }
    }

    /// <summary>Gives back what was read; what is left of an element waits for the rest of it.</summary>
    private void Advance(ReadResult read, long count, string what, bool moreIsWanted)
    {
        _read += count;
        SequencePosition end = read.Buffer.GetPosition(count);
        pipe.AdvanceTo(end, count == 0 ? read.Buffer.End : end);
        if (count == 0 && read.IsCompleted && moreIsWanted)
        {
            throw Error($"ends inside {what}");
        }
    }
}
