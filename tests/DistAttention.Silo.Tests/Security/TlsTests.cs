using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace DistAttention.Silo.Tests.Security;

/// <summary>Who gets a connection to a silo with TLS, and what the others are told.</summary>
[Collection(SecureCollection.Name)]
public sealed class TlsTests(SecureCluster cluster)
{
    /// <summary>Far below the time that connecting may take: refusals come by themselves.</summary>
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(20);

    public static TheoryData<string, string> Refused => new()
    {
        { "no TLS", "expects TLS" },
        { "a certificate of another authority", "does not take this client's certificate" },
        { "a certificate that is over", "does not take this client's certificate" },
        { "an authority that does not vouch for the silos", "vouches for" },
        { "a name that the silos do not have", "does not carry the name 'other.test'" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task AClientIsToldAtOnceWhyItGetsNoConnection(string client, string expected)
    {
        using TestAuthority other = new(Path.Combine(cluster.Folder, $"other-{expected.Length}"), "other");
        TlsSettings settings = client switch
        {
            "no TLS" => new TlsSettings(),
            "a certificate of another authority" => other.Issue("client"),
            "a certificate that is over" => cluster.Authority.Issue("over", days: 0),
            "an authority that does not vouch for the silos" => cluster.Authority.Issue("client-2"),
            _ => cluster.Authority.Issue("client-3"),
        };
        settings.CaFile = client switch
        {
            "no TLS" => null,
            "an authority that does not vouch for the silos" => other.CaFile,
            _ => cluster.Authority.CaFile,
        };
        settings.SiloName = client switch { "no TLS" => null, "a name that the silos do not have" => "other.test", _ => SecureCluster.SiloName };
        DistAttentionClientOptions options = cluster.Options(cluster.A);
        options.Tls = settings;
        long started = Stopwatch.GetTimestamp();
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(() => DistAttentionClient.ConnectAsync(options));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < _soon, $"{Stopwatch.GetElapsedTime(started)}");
    }

    [Fact]
    public async Task ACertificateOfAClientOpensNoDoorForSilos()
    {
        Assert.True(await IsLetInAsync(cluster.SiloEndPoints[0], cluster.SiloTls));
        Assert.False(await IsLetInAsync(cluster.SiloEndPoints[0], cluster.ClientTls));
        Assert.True(await IsLetInAsync(cluster.Gateways[0], cluster.ClientTls));
    }

    [Fact]
    public async Task NewCertificatesAreUsedWithoutARestart()
    {
        string before = await PresentedAsync();
        Assert.Equal(before, await PresentedAsync());
        cluster.Authority.Issue("silo", SecureCluster.SiloName); // over the files that the silos were started with
        Assert.NotEqual(before, await PresentedAsync());

        // What cannot be used is reported, and what was read before stays in use.
        string good = await PresentedAsync();
        string key = File.ReadAllText(cluster.SiloTls.KeyFile!);
        File.WriteAllText(cluster.SiloTls.KeyFile!, "no key");
        Assert.Equal(good, await PresentedAsync());
        Assert.Contains(cluster.Logs.Lines, static line => line.Contains("TlsNotReloaded", StringComparison.Ordinal) && line.Contains("Tls:KeyFile", StringComparison.Ordinal));
        File.WriteAllText(cluster.SiloTls.KeyFile!, key);
        await using DistAttentionClient client = await cluster.ConnectAsync(cluster.A);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => client.OpenSequenceAsync("none"));
    }

    [Fact]
    public Task WhoeverDoesNotIntroduceItselfIsCutOff() => Task.WhenAll(
        HandshakeAsync(),
        IntroduceAsync("", atOnce: false),
        IntroduceAsync("\0\u0004\0\0 only a part of what it announces", atOnce: false),
        IntroduceAsync("\u0001\u0004\0\0 announces more than is allowed", atOnce: true));

    private async Task IntroduceAsync(string sent, bool atOnce)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(cluster.Gateways[0]);
        await using SslStream stream = await ChannelOf(cluster.ClientTls).AskAsync(tcp.GetStream(), CancellationToken.None);
        long started = Stopwatch.GetTimestamp();
        await stream.WriteAsync(sent.Select(static c => (byte)c).ToArray());
        Assert.True(await EndsAsync(stream, _soon));
        Assert.True(atOnce || Stopwatch.GetElapsedTime(started) > TimeSpan.FromMilliseconds(500), "it had no time");
    }

    /// <summary>A record of TLS begins, and does not end.</summary>
    private async Task HandshakeAsync()
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(cluster.Gateways[0]);
        await tcp.GetStream().WriteAsync(new byte[] { 22, 3, 1 });
        Assert.True(await EndsAsync(tcp.GetStream(), _soon));
    }

    private static TlsChannel ChannelOf(TlsSettings settings) => new(settings, TimeProvider.System, NullLoggerFactory.Instance);

    private async Task<string> PresentedAsync()
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(cluster.Gateways[1]);
        await using SslStream stream = await ChannelOf(cluster.ClientTls).AskAsync(tcp.GetStream(), CancellationToken.None);
        return ((X509Certificate2)stream.RemoteCertificate!).Thumbprint;
    }

    /// <summary>Whether the other side waits for more after the handshake: it says no by closing.</summary>
    private static async Task<bool> IsLetInAsync(IPEndPoint endPoint, TlsSettings settings)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(endPoint);
        await using SslStream stream = await ChannelOf(settings).AskAsync(tcp.GetStream(), CancellationToken.None);
        return !await EndsAsync(stream, TimeSpan.FromMilliseconds(300));
    }

    private static async Task<bool> EndsAsync(Stream stream, TimeSpan within)
    {
        using CancellationTokenSource timer = new(within);
        try
        {
            return await stream.ReadAsync(new byte[1], timer.Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
