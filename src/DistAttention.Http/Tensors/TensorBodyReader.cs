using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Bodies;

namespace DistAttention.Http.Tensors;

/// <summary>
/// The tensors of a request's body, one after another, as they come. A body is one document of its format or several in a row, so that rows of k and v can be sent in turns
/// and a body may be longer than any memory.
/// </summary>
internal abstract class TensorBodyReader(BodyBytes body)
{
    private long _unread;

    /// <summary>Texts that came beside the tensors so far: options of the call.</summary>
    public Dictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensor whose elements come next.</summary>
    public TensorHead? Current { get; private set; }

    /// <summary>What it reads, for errors.</summary>
    public ITensorSource Source => body;

    protected BodyBytes Body => body;

    /// <summary>Goes on to the next tensor, all elements of the one before having been read.</summary>
    /// <returns>Null at the end of the body.</returns>
    public async ValueTask<TensorHead?> NextAsync(CancellationToken cancellationToken)
    {
        if (_unread != 0)
        {
            throw new InvalidOperationException($"{_unread} elements of {Current!.Title} were never read.");
        }

        Current = await ReadHeadAsync(cancellationToken).ConfigureAwait(false);
        if (Current is { } head)
        {
            body.RequireLeft(head.Layout.RequireBytes(body), $"{head.Title}, {TensorLayout.Describe(head.Layout.Shape, head.Layout.Type)},");
            _unread = head.Length;
        }

        return Current;
    }

    /// <summary>Goes on to the next tensor.</summary>
    /// <param name="wanted">What it should be, for the error at the end of the body.</param>
    /// <param name="cancellationToken">The caller has hung up.</param>
    public async ValueTask<TensorHead> RequireNextAsync(string wanted, CancellationToken cancellationToken) =>
        await NextAsync(cancellationToken).ConfigureAwait(false) ?? throw body.Error($"ends where {wanted} should come");

    /// <summary>Reads the next elements of the current tensor as float32.</summary>
    public ValueTask ReadAsync(Memory<float> destination, CancellationToken cancellationToken)
    {
        RequireFloats();
        _unread -= destination.Length;
        return body.ReadFloatsAsync(Current!.Layout.Type, destination, Current.Title, cancellationToken);
    }

    /// <summary>Reads all bytes of the current tensor as they are.</summary>
    public async ValueTask<byte[]> ReadBytesAsync(CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[Current!.Layout.RequireBytes(body)];
        await body.ReadExactlyAsync(bytes, Current.Title, cancellationToken).ConfigureAwait(false);
        _unread = 0;
        return bytes;
    }

    /// <summary>Refuses a body that goes on.</summary>
    public async ValueTask RequireEndAsync(CancellationToken cancellationToken)
    {
        if (await NextAsync(cancellationToken).ConfigureAwait(false) is { } more)
        {
            throw Error($"has {more.Title} behind all that was expected");
        }
    }

    /// <summary>An error of the body.</summary>
    public TensorFileException Error(string problem) => body.Error(problem);

    /// <summary>Reads up to the elements of the next tensor.</summary>
    protected abstract ValueTask<TensorHead?> ReadHeadAsync(CancellationToken cancellationToken);

    private void RequireFloats()
    {
        if (Current!.Layout.Type is not (TensorDataType.Float32 or TensorDataType.Float16 or TensorDataType.BFloat16 or TensorDataType.Float64))
        {
            throw body.Error($"holds {Current.Title} as {Current.Layout.Type.Name()}; float32, float16, bfloat16 and float64 are read here");
        }
    }
}
