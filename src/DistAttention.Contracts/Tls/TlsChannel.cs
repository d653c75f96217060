using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace DistAttention.Contracts.Tls;

/// <summary>
/// Puts mutual TLS around connections. Both ends present a certificate that the configured authorities vouch for, intermediate ones
/// included; the system's authorities are not asked, and no revocation lists are fetched.
/// </summary>
public sealed partial class TlsChannel
{
    private const int MaxNameLength = 100;
    private const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly TlsSettings _settings;
    private readonly TlsCredentials _credentials;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly LogLimit _lines;

    /// <summary>Reads the certificate files.</summary>
    /// <param name="settings">Where they are, and what to demand of others; valid.</param>
    /// <param name="time">The clock of timeouts and of reading files again.</param>
    /// <param name="loggers">Told of changed files and failed handshakes.</param>
    /// <exception cref="IOException">A file cannot be used; the message names the option.</exception>
    public TlsChannel(TlsSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(loggers);
        _settings = settings;
        _time = time;
        _log = loggers.CreateLogger<TlsChannel>();
        _lines = new LogLimit(lines: 100, TimeSpan.FromMinutes(1), time);
        _credentials = new TlsCredentials(settings, time, _log);
    }

    /// <summary>For connections to a silo: of a client to a gateway, or of a silo to another.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public void ToSilo(IConnectionBuilder connection) => connection.Use(next => context => RunAsync(context, next, AskAsync));

    /// <summary>For connections of clients to a gateway.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public void FromClient(IConnectionBuilder connection) => connection.Use(next => context => RunAsync(context, next, (inner, token) => AnswerAsync(inner, peerName: null, token)));

    /// <summary>For connections of other silos.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public void FromSilo(IConnectionBuilder connection) => connection.Use(next => context => RunAsync(context, next, (inner, token) => AnswerAsync(inner, _settings.SiloName, token)));

    /// <summary>Makes a stream to a silo secure.</summary>
    /// <param name="inner">The stream; ended with the result.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TlsHandshakeException">The other side is not what was expected, or not in time.</exception>
    public Task<SslStream> AskAsync(Stream inner, CancellationToken cancellationToken)
    {
        TlsFiles files = _credentials.Current;
        return HandshakeAsync(
            inner,
            _settings.SiloName,
            (secured, token) => secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _settings.SiloName ?? "",
                    ClientCertificateContext = files.Context,
                    CertificateChainPolicy = PolicyOf(files),
                    EnabledSslProtocols = Versions,
                    AllowTlsResume = false, // whoever was trusted before the files changed has to be trusted again
                },
                token),
            cancellationToken);
    }

    /// <summary>For a handshake that begins now with whoever has no certificate, as browsers and probes: this side presents its own, and asks for none.</summary>
    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = _credentials.Current.Context,
        ClientCertificateRequired = false,
        EnabledSslProtocols = Versions,
    };

    private Task<SslStream> AnswerAsync(Stream inner, string? peerName, CancellationToken cancellationToken)
    {
        TlsFiles files = _credentials.Current;
        return HandshakeAsync(
            inner,
            peerName,
            (secured, token) => secured.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ClientCertificateRequired = true,
                    ServerCertificateContext = files.Context,
                    CertificateChainPolicy = PolicyOf(files),
                    AllowTlsResume = false,
                    EnabledSslProtocols = Versions,
                },
                token),
            cancellationToken);
    }

    private async Task<SslStream> HandshakeAsync(Stream inner, string? peerName, Func<SslStream, CancellationToken, Task> handshake, CancellationToken cancellationToken)
    {
        string? problem = null;
        SslStream secured = new(inner, leaveInnerStreamOpen: false, (_, certificate, chain, errors) =>
        {
            problem = ProblemOf(certificate, chain, errors, peerName);
            return problem is null;
        });
        using CancellationTokenSource timer = new(_settings.HandshakeTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await handshake(secured, either.Token).ConfigureAwait(false);
            return secured;
        }
        catch (Exception error) when (error is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            bool isLate = problem is null && timer.IsCancellationRequested;
            throw new TlsHandshakeException(
                problem
                    ?? (isLate ? $"the other side has not finished the TLS handshake within {_settings.HandshakeTimeout.TotalSeconds:0.###} s"
                    : $"the other side does not speak TLS, or not with this side: {error.Message}"),
                isLate,
                error);
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task RunAsync(ConnectionContext context, ConnectionDelegate next, Func<Stream, CancellationToken, Task<SslStream>> handshake)
    {
        IDuplexPipe plain = context.Transport;
        SslStream secured;
        try
        {
            secured = await handshake(new TransportStream(plain), context.ConnectionClosed).ConfigureAwait(false);
        }
        catch (TlsHandshakeException error)
        {
            if (_lines.TryTake(out long leftOut))
            {
                LogFailed(_log, $"{context.RemoteEndPoint}", error.Message);
            }

            if (leftOut > 0)
            {
                LogLeftOut(_log, leftOut);
            }

            throw;
        }

        TlsTransport transport = new(secured);
        await using (transport.ConfigureAwait(false))
        {
            context.Transport = transport;
            try
            {
                await next(context).ConfigureAwait(false);
            }
            finally
            {
                context.Transport = plain;
            }
        }
    }

    private static X509ChainPolicy PolicyOf(TlsFiles files)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(files.Authorities);
        return policy;
    }

    /// <summary>Why a certificate is not trusted; null if it is. Names are looked at here, where the settings ask for one.</summary>
    private static string? ProblemOf(X509Certificate? presented, X509Chain? chain, SslPolicyErrors errors, string? peerName)
    {
        if (presented is not X509Certificate2 certificate)
        {
            return "the other side has no certificate";
        }

        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
        {
            string why = string.Join(", ", chain?.ChainStatus.Select(static s => s.Status.ToString()).Distinct() ?? []);
            return $"the other side's certificate, {NameOf(certificate)}, is not one that {TlsSettings.Section}:{nameof(TlsSettings.CaFile)} vouches for ({(why.Length > 0 ? why : errors)})";
        }

        return peerName is not null && !certificate.MatchesHostname(peerName, allowWildcards: false, allowCommonName: false)
            ? $"the other side's certificate, {NameOf(certificate)}, does not carry the name '{peerName}' of {TlsSettings.Section}:{nameof(TlsSettings.SiloName)}"
            : null;
    }

    /// <summary>Whose a certificate says it is: the other side's words, so only so much of them, and in one line.</summary>
    private static string NameOf(X509Certificate2 certificate) =>
        string.Concat(certificate.Subject.Take(MaxNameLength).Select(static c => char.IsControl(c) ? '?' : c));
}
