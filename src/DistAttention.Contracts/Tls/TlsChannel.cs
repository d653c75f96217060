using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Connections.Security;

namespace DistAttention.Contracts.Tls;

/// <summary>
/// Puts mutual TLS around connections. Both ends present a certificate that the configured authorities vouch for, intermediate ones
/// included; the system's authorities are not asked, and no revocation lists are fetched.
/// </summary>
public sealed class TlsChannel
{
    private readonly TlsSettings _settings;
    private readonly TlsCredentials _credentials;
    private volatile string? _lastProblem;

    /// <summary>Reads the certificate files.</summary>
    /// <param name="settings">Where they are, and what to demand of others; valid.</param>
    /// <param name="time">The clock of reading files again.</param>
    /// <param name="loggers">Told of changed files.</param>
    /// <exception cref="IOException">A file cannot be used; the message names the option.</exception>
    public TlsChannel(TlsSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(loggers);
        _settings = settings;
        _credentials = new TlsCredentials(settings, time, loggers.CreateLogger<TlsChannel>());
    }

    /// <summary>Why this end has refused another's certificate last; null if it has not.</summary>
    public string? LastProblem => _lastProblem;

    /// <summary>For connections to a silo: of a client to a gateway, or of a silo to another.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public void ToSilo(IConnectionBuilder connection) => connection.UseClientTls(Options(_settings.SiloName));

    /// <summary>For connections of clients to a gateway.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public void FromClient(IConnectionBuilder connection) => connection.UseServerTls(Options(peerName: null));

    /// <summary>For connections of other silos.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public void FromSilo(IConnectionBuilder connection) => connection.UseServerTls(Options(_settings.SiloName));

    private TlsOptions Options(string? peerName) => new()
    {
        LocalCertificate = _credentials.Current.Certificate, // asked for at the start; handshakes use what is current then
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
        HandshakeTimeout = _settings.HandshakeTimeout,
        CheckCertificateRevocation = false,
        RemoteCertificateValidation = (certificate, chain, errors) => IsTrusted(certificate, chain, errors, peerName),
        OnAuthenticateAsClient = (_, options) => Prepare((SslClientAuthenticationOptions)options.SslClientAuthenticationOptions),
        OnAuthenticateAsServer = (_, options) => Prepare((SslServerAuthenticationOptions)options.SslServerAuthenticationOptions),
    };

    private void Prepare(SslClientAuthenticationOptions options)
    {
        TlsFiles files = _credentials.Current;
        options.LocalCertificateSelectionCallback = null;
        options.ClientCertificates = null;
        options.ClientCertificateContext = files.Context;
        options.CertificateChainPolicy = PolicyOf(files);
        options.TargetHost = _settings.SiloName ?? "";
        options.AllowTlsResume = false; // whoever was trusted before the files changed has to be trusted again
    }

    private void Prepare(SslServerAuthenticationOptions options)
    {
        TlsFiles files = _credentials.Current;
        options.ServerCertificateSelectionCallback = null;
        options.ServerCertificate = null;
        options.ServerCertificateContext = files.Context;
        options.CertificateChainPolicy = PolicyOf(files);
        options.AllowTlsResume = false;
    }

    private static X509ChainPolicy PolicyOf(TlsFiles files)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(files.Authorities);
        return policy;
    }

    private bool IsTrusted(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors, string? peerName)
    {
        string? problem = ProblemOf(certificate, chain, errors & ~SslPolicyErrors.RemoteCertificateNameMismatch, peerName);
        _lastProblem = problem ?? _lastProblem;
        return problem is null;
    }

    private static string? ProblemOf(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors, string? peerName)
    {
        if (errors != SslPolicyErrors.None)
        {
            string why = string.Join(", ", chain?.ChainStatus.Select(static s => s.Status.ToString()).Distinct() ?? []);
            return $"the certificate of {certificate.Subject} is not one that {TlsSettings.Section}:{nameof(TlsSettings.CaFile)} vouches for ({(why.Length > 0 ? why : errors)})";
        }

        return peerName is not null && !certificate.MatchesHostname(peerName, allowWildcards: false, allowCommonName: false)
            ? $"the certificate of {certificate.Subject} does not carry the name '{peerName}' of {TlsSettings.Section}:{nameof(TlsSettings.SiloName)}"
            : null;
    }
}
