using System.Net.Sockets;
using System.Text;

namespace DistAttention.Http.Tests.Streaming;

/// <summary>A request written and an answer read byte by byte, at the test's own pace.</summary>
internal sealed class RawRequest : IDisposable
{
    private readonly TcpClient _tcp = new();
    private NetworkStream _stream = null!;

    public static async Task<RawRequest> StartAsync(Uri server, string method, string address, long contentLength, string type)
    {
        RawRequest request = new();
        await request._tcp.ConnectAsync(server.Host, server.Port);
        request._stream = request._tcp.GetStream();
        await request.SendAsync(Encoding.ASCII.GetBytes($"{method} {address} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: {type}\r\nContent-Length: {contentLength}\r\n\r\n"));
        return request;
    }

    public Task SendAsync(byte[] bytes) => _stream.WriteAsync(bytes).AsTask();

    /// <summary>Reads the head of an answer.</summary>
    public async Task<string> ReadHeadAsync()
    {
        StringBuilder head = new();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        return head.ToString();
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        await _stream.ReadExactlyAsync(bytes, patience.Token);
        return bytes;
    }

    /// <summary>Reads until the other side ends the connection.</summary>
    public async Task<int> ReadToEndAsync()
    {
        byte[] bytes = new byte[4096];
        int count = 0;
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        try
        {
            for (int read; (read = await _stream.ReadAsync(bytes, patience.Token)) > 0;)
            {
                count += read;
            }
        }
        catch (IOException)
        {
            // reset: an end as well
        }

        return count;
    }

    public void Dispose() => _tcp.Dispose();
}
