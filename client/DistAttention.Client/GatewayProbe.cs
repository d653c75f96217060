using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using DistAttention.Contracts;
using DistAttention.Contracts.Tls;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Messaging;
using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>
/// Finds out why a client gets no connection where the transport does not say: it goes on trying, whatever a gateway's TLS answers.
/// </summary>
internal sealed class GatewayProbe(IServiceProvider services, TimeProvider time)
{
    /// <summary>A connection that works is there before.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromMilliseconds(700);

    /// <summary>A gateway that refuses a certificate has said so by then; one that takes it says nothing before it is spoken to.</summary>
    private static readonly TimeSpan _refusal = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    /// <summary>Waits until one of the gateways shows that no waiting will help; for ever if none does.</summary>
    /// <exception cref="SiloUnreachableException">Names the gateway and the problem.</exception>
    public async Task WaitForProblemAsync(CancellationToken cancellationToken)
    {
        IGatewayListProvider? gateways = services.GetService<IGatewayListProvider>();
        while (gateways is not null)
        {
            await Task.Delay(_grace, time, cancellationToken).ConfigureAwait(false);
            foreach (IPEndPoint gateway in await KnownAsync(gateways).ConfigureAwait(false))
            {
                if (await ProblemAsync(gateway, cancellationToken).ConfigureAwait(false) is { } problem)
                {
                    throw new SiloUnreachableException($"{gateway}", problem);
                }
            }
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IPEndPoint[]> KnownAsync(IGatewayListProvider gateways)
    {
        try
        {
            return [.. (await gateways.GetGateways().ConfigureAwait(false)).Select(static uri => uri.ToGatewayAddress()!.Endpoint)];
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return []; // whoever connects tells of it
        }
    }

    private async Task<string?> ProblemAsync(IPEndPoint gateway, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = new(_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            using TcpClient connection = new(gateway.AddressFamily);
            await connection.ConnectAsync(gateway, either.Token).ConfigureAwait(false);
            return services.GetService<TlsChannel>() is { } channel
                ? await RefusalAsync(channel, connection.GetStream(), either.Token).ConfigureAwait(false)
                : await SpeaksTlsAsync(connection.GetStream(), either.Token).ConfigureAwait(false) ? $"expects TLS; {nameof(DistAttentionClientOptions)}.{nameof(DistAttentionClientOptions.Tls)} names no certificate" : null;
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null; // nobody is there, or not yet
        }
    }

    /// <summary>Why TLS with the client's own settings does not come about; null if it does.</summary>
    private async Task<string?> RefusalAsync(TlsChannel channel, Stream stream, CancellationToken cancellationToken)
    {
        SslStream secured;
        try
        {
            secured = await channel.AskAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        catch (TlsHandshakeException error)
        {
            return error.IsLate ? null : error.Message;
        }

        await using (secured.ConfigureAwait(false))
        {
            using CancellationTokenSource quiet = new(_refusal, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, cancellationToken);
            try
            {
                return await secured.ReadAsync(new byte[1], either.Token).ConfigureAwait(false) == 0 ? RefusesUs(null) : null;
            }
            catch (IOException error)
            {
                return RefusesUs(error);
            }
        }

        static string RefusesUs(IOException? error) =>
            $"does not take this client's certificate, {TlsSettings.Section}:{nameof(TlsSettings.CertificateFile)}{(error is null ? "" : $": {(error.InnerException ?? error).Message}")}";
    }

    /// <summary>Whether a certificate comes back when one is asked for. It is not looked at, and nothing is sent.</summary>
    private static async Task<bool> SpeaksTlsAsync(Stream stream, CancellationToken cancellationToken)
    {
        bool presented = false;
        SslStream asked = new(stream, leaveInnerStreamOpen: false, (_, certificate, _, _) =>
        {
            presented = certificate is not null;
            return false;
        });
        await using (asked.ConfigureAwait(false))
        {
            try
            {
                await asked.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "" }, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is AuthenticationException or IOException)
            {
                // As meant, or no TLS at all.
            }
        }

        return presented;
    }
}
