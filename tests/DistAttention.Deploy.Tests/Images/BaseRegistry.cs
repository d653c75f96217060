using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>A registry on this machine that has one image, of nearly nothing, to stand in for the base image: what the SDK asks of one, and no more.</summary>
internal sealed class BaseRegistry : IDisposable
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, (string Type, byte[] Content)> _answers = [];

    public BaseRegistry()
    {
        Host = $"127.0.0.1:{FreePort()}";
        (byte[] layer, string content) = Layer();
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
            os = "linux",
            config = new { Env = (string[])["PATH=/usr/bin", "ASPNETCORE_HTTP_PORTS=8080"], User = "0" },
            rootfs = new { type = "layers", diff_ids = (string[])[content] },
            history = (object[])[new { created_by = "nobody" }],
        });
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = (object[])[new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) }],
        });
        _answers["/v2/"] = ("application/json", "{}"u8.ToArray());
        _answers["/v2/base/manifests/1"] = _answers[$"/v2/base/manifests/{Digest(manifest)}"] = (ManifestType, manifest);
        _answers[$"/v2/base/blobs/{Digest(config)}"] = ("application/octet-stream", config);
        _answers[$"/v2/base/blobs/{Digest(layer)}"] = ("application/octet-stream", layer);
        _listener.Prefixes.Add($"http://{Host}/");
        _listener.Start();
        _ = Task.Run(AnswerAsync);
    }

    /// <summary>Where it is.</summary>
    public string Host { get; }

    /// <summary>Its image.</summary>
    public string Image => $"{Host}/base:1";

    public void Dispose() => _listener.Close();

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static (byte[] Compressed, string Content) Layer()
    {
        using MemoryStream plain = new();
        using (TarWriter tar = new(plain, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "base") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("base")) });
        }

        using MemoryStream compressed = new();
        using (GZipStream zip = new(compressed, CompressionMode.Compress, leaveOpen: true))
        {
            zip.Write(plain.ToArray());
        }

        return (compressed.ToArray(), Digest(plain.ToArray()));
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // closed
            }

            if (_answers.TryGetValue(context.Request.Url!.AbsolutePath, out (string Type, byte[] Content) answer))
            {
                context.Response.ContentType = answer.Type;
                context.Response.Headers["Docker-Content-Digest"] = Digest(answer.Content);
                context.Response.ContentLength64 = answer.Content.Length;
                if (context.Request.HttpMethod != "HEAD")
                {
                    await context.Response.OutputStream.WriteAsync(answer.Content);
                }
            }
            else
            {
                context.Response.StatusCode = (int)HttpStatusCode.NotFound;
            }

            context.Response.Close();
        }
    }
}
