using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DistAttention.Contracts.Tls;

/// <summary>The files of <see cref="TlsSettings"/> as they were at one moment.</summary>
internal sealed class TlsFiles : IDisposable
{
    /// <summary>More than any honest chain: what is larger is another file.</summary>
    private const int MaxFileBytes = 1 << 20;

    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private TlsFiles(X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection authorities, byte[] digest)
    {
        Certificate = certificate;
        Authorities = authorities;
        Digest = digest;
        Context = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
    }

    /// <summary>This party's certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same with the intermediate ones, as a handshake presents it.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Who vouches for others.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>Tells contents apart.</summary>
    public byte[] Digest { get; }

    /// <summary>Reads them.</summary>
    /// <exception cref="TlsFileException">One cannot be used.</exception>
    public static TlsFiles Read(TlsSettings settings)
    {
        string certificateText = TextOf(settings.CertificateFile!, nameof(settings.CertificateFile));
        string keyText = settings.KeyFile is { } keyFile ? TextOf(keyFile, nameof(settings.KeyFile)) : certificateText;
        string caText = TextOf(settings.CaFile!, nameof(settings.CaFile));
        X509Certificate2Collection chain = CertificatesOf(certificateText, settings.CertificateFile!, nameof(settings.CertificateFile));
        X509Certificate2Collection authorities = CertificatesOf(caText, settings.CaFile!, nameof(settings.CaFile));
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(certificateText, keyText);
        }
        catch (CryptographicException error)
        {
            string option = settings.KeyFile is null ? nameof(settings.CertificateFile) : nameof(settings.KeyFile);
            throw new TlsFileException(option, $"'{settings.KeyFile ?? settings.CertificateFile}' does not hold the private key of the certificate, unencrypted, as PEM", error);
        }

        RequireUse(certificate, settings);
        if (OperatingSystem.IsWindows())
        {
            // Its TLS takes no key that lives in memory only.
            using X509Certificate2 ephemeral = certificate;
            certificate = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
        }

        chain.RemoveAt(0);
        return new TlsFiles(certificate, chain, authorities, DigestOf(certificateText, keyText, caText));
    }

    /// <summary>Whether the files hold something else now, or cannot be read.</summary>
    public bool AreStillIn(TlsSettings settings)
    {
        try
        {
            string certificateText = TextOf(settings.CertificateFile!, nameof(settings.CertificateFile));
            string keyText = settings.KeyFile is { } keyFile ? TextOf(keyFile, nameof(settings.KeyFile)) : certificateText;
            return Digest.AsSpan().SequenceEqual(DigestOf(certificateText, keyText, TextOf(settings.CaFile!, nameof(settings.CaFile))));
        }
        catch (TlsFileException)
        {
            return false;
        }
    }

    public void Dispose() => Certificate.Dispose();

    private static byte[] DigestOf(params string[] texts) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts)));

    private static string TextOf(string file, string option)
    {
        try
        {
            return new FileInfo(file).Length > MaxFileBytes
                ? throw new TlsFileException(option, $"'{file}' is larger than {MaxFileBytes} bytes")
                : File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException and not TlsFileException or UnauthorizedAccessException)
        {
            throw new TlsFileException(option, $"'{file}' cannot be read: {error.Message}", error);
        }
    }

    private static X509Certificate2Collection CertificatesOf(string text, string file, string option)
    {
        X509Certificate2Collection found = [];
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException error)
        {
            throw new TlsFileException(option, $"'{file}' holds a certificate that cannot be read", error);
        }

        return found.Count > 0 ? found : throw new TlsFileException(option, $"'{file}' holds no certificate as PEM");
    }

    /// <summary>Refuses here what the transport would refuse at every handshake.</summary>
    private static void RequireUse(X509Certificate2 certificate, TlsSettings settings)
    {
        foreach (X509EnhancedKeyUsageExtension usage in certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>())
        {
            HashSet<string> uses = [.. usage.EnhancedKeyUsages.Cast<Oid>().Select(static u => u.Value!)];
            bool isSilo = settings.SiloName is { } name && certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false);
            if (!uses.Contains(ClientAuth) || (isSilo && !uses.Contains(ServerAuth)))
            {
                throw new TlsFileException(nameof(settings.CertificateFile), $"'{settings.CertificateFile}' is not meant for TLS by its extended key usage: clients need clientAuth, silos serverAuth too");
            }
        }
    }
}
