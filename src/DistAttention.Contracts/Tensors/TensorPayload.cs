using System.Buffers;
using System.Runtime.InteropServices;

namespace DistAttention.Contracts;

/// <summary>
/// A tensor on the wire: one contiguous run of bytes behind a small header. Sending copies it once, into the network's
/// buffers; receiving copies it once, out of them. Inside a silo it is passed on as it is.
/// </summary>
[Immutable]
public sealed class TensorPayload : IDisposable
{
    private readonly int[] _shape;
    private readonly ReadOnlyMemory<float> _floats;
    private readonly ReadOnlyMemory<long> _longs;
    private float[]? _rented;
    private Action? _afterSending;
    private bool _sent;

    /// <summary>Wraps a tensor of floats.</summary>
    /// <param name="values">Row-major. Must not change until the call that carries it has completed.</param>
    /// <param name="shape">The shape.</param>
    public TensorPayload(ReadOnlyMemory<float> values, params ReadOnlySpan<int> shape)
        : this(TensorElement.Float32, values.Length, shape) => _floats = values;

    /// <summary>Wraps a tensor of integers.</summary>
    /// <param name="values">Row-major. Must not change until the call that carries it has completed.</param>
    /// <param name="shape">The shape.</param>
    public TensorPayload(ReadOnlyMemory<long> values, params ReadOnlySpan<int> shape)
        : this(TensorElement.Int64, values.Length, shape) => _longs = values;

    private TensorPayload(TensorElement element, int count, ReadOnlySpan<int> shape)
    {
        Element = element;
        _shape = shape.ToArray();
        long product = 1;
        foreach (int dimension in shape)
        {
            product = checked(product * dimension);
        }

        if (product != count)
        {
            throw new ArgumentException($"{count} values do not have the shape [{string.Join(", ", _shape)}].", nameof(shape));
        }
    }

    /// <summary>Wraps a tensor of floats whose memory is needed elsewhere as soon as it has been sent. It can be sent once.</summary>
    /// <param name="values">Row-major.</param>
    /// <param name="afterSending">Called once, when the values have been copied into the network's buffers.</param>
    /// <param name="shape">The shape.</param>
    public static TensorPayload SentOnce(ReadOnlyMemory<float> values, Action afterSending, params ReadOnlySpan<int> shape) =>
        new(values, shape) { _afterSending = afterSending };

    /// <summary>No tensor: shape [0].</summary>
    public static TensorPayload Empty { get; } = new(ReadOnlyMemory<float>.Empty, 0);

    /// <summary>What the elements are.</summary>
    public TensorElement Element { get; }

    /// <summary>The shape.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>Size of the elements, in bytes.</summary>
    public int ByteLength => (_floats.Length * sizeof(float)) + (_longs.Length * sizeof(long));

    /// <summary>The elements as bytes, little-endian.</summary>
    internal ReadOnlySpan<byte> Bytes => Element == TensorElement.Float32 ? MemoryMarshal.AsBytes(_floats.Span) : MemoryMarshal.AsBytes(_longs.Span);

    /// <summary>Refuses to be sent again after its memory was given away.</summary>
    internal void BeginSending() => ObjectDisposedException.ThrowIf(_sent, this);

    internal void EndSending()
    {
        if (Interlocked.Exchange(ref _afterSending, null) is { } afterSending)
        {
            _sent = true;
            afterSending();
        }
    }

    /// <summary>A received tensor of floats, in memory rented from <see cref="ArrayPool{T}.Shared"/>.</summary>
    internal static TensorPayload OfRented(float[] rented, int count, ReadOnlySpan<int> shape) =>
        new(rented.AsMemory(0, count), shape) { _rented = rented };

    /// <summary>The floats, which must have this shape.</summary>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="shape">The shape asked for.</param>
    /// <exception cref="CorruptPayloadException">It is something else.</exception>
    public ReadOnlyMemory<float> Floats(string what, params ReadOnlySpan<int> shape)
    {
        Require(what, TensorElement.Float32, shape);
        return _floats;
    }

    /// <summary>The integers, which must have this shape.</summary>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="shape">The shape asked for.</param>
    /// <exception cref="CorruptPayloadException">It is something else.</exception>
    public ReadOnlyMemory<long> Longs(string what, params ReadOnlySpan<int> shape)
    {
        Require(what, TensorElement.Int64, shape);
        return _longs;
    }

    /// <summary>
    /// Hands received memory over: its floats lie at the start of an array rented from <see cref="ArrayPool{T}.Shared"/>, which the
    /// caller gives back. Null if this was not received, or its memory has been given away.
    /// </summary>
    public float[]? TakeRented() => Interlocked.Exchange(ref _rented, null);

    /// <summary>Gives received memory back for the next payload. Whoever received it may do so, once nothing reads it any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private void Require(string what, TensorElement element, ReadOnlySpan<int> shape)
    {
        if (Element != element || !shape.SequenceEqual(_shape))
        {
            throw new CorruptPayloadException(
                $"{what} should be {element} [{string.Join(", ", shape.ToArray())}] and is {Element} [{string.Join(", ", _shape)}]");
        }
    }
}
