using System.IO.Pipelines;
using System.Net.Security;

namespace DistAttention.Contracts.Tls;

/// <summary>A connection's two pipes through TLS.</summary>
internal sealed class TlsTransport : IDuplexPipe, IAsyncDisposable
{
    /// <summary>A record of TLS carries 16 KiB.</summary>
    private const int BufferBytes = 1 << 16;

    private readonly SslStream _secured;

    public TlsTransport(SslStream secured)
    {
        _secured = secured;
        Input = PipeReader.Create(secured, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true));
        Output = PipeWriter.Create(secured, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync().ConfigureAwait(false);
        try
        {
            await Output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // What was not sent yet cannot be any more: the other side is gone.
        }

        await _secured.DisposeAsync().ConfigureAwait(false);
    }
}
