using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DistAttention.Contracts.Tls;

namespace DistAttention.Silo.Tests.Security;

/// <summary>A certificate authority of one test, with its files in a folder.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _root;
    private readonly string _folder;
    private readonly string _name;

    public TestAuthority(string folder, string name)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        _name = name;
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(CaFile, _root.ExportCertificatePem());
    }

    public string CaFile => Path.Combine(_folder, $"{_name}-ca.pem");

    /// <summary>Writes a certificate and its key, over those of that name that are there.</summary>
    /// <param name="name">Of the files and the subject.</param>
    /// <param name="host">The DNS name it carries; null: none.</param>
    /// <param name="days">For how long it is valid; 0: it is not.</param>
    public TlsSettings Issue(string name, string? host = null, int days = 7)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        if (host is not null)
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset start = DateTimeOffset.UtcNow.AddHours(-12);
        using X509Certificate2 certificate = request.Create(_root, start, days > 0 ? start.AddDays(days) : start.AddHours(1), RandomNumberGenerator.GetBytes(8));
        TlsSettings settings = new()
        {
            CertificateFile = Path.Combine(_folder, $"{name}.pem"),
            KeyFile = Path.Combine(_folder, $"{name}-key.pem"),
            CaFile = CaFile,
            ReloadInterval = TimeSpan.Zero,
            HandshakeTimeout = TimeSpan.FromSeconds(10),
        };
        File.WriteAllText(settings.KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(settings.CertificateFile, certificate.ExportCertificatePem());
        return settings;
    }

    public void Dispose() => _root.Dispose();
}
