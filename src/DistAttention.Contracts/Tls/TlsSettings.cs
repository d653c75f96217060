namespace DistAttention.Contracts.Tls;

/// <summary>
/// Mutual TLS between silos and between clients and gateways: one set of files for both directions. Section <c>Tls</c> of a silo, of a
/// client's configuration and of the command line. Off while no file is named.
/// </summary>
public sealed class TlsSettings
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Tls";

    /// <summary>PEM file with this party's certificate, then any intermediate ones. Silos need a certificate for both server and client use.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the certificate's private key, not encrypted. Default: the key is in <see cref="CertificateFile"/> too.</summary>
    public string? KeyFile { get; set; }

    /// <summary>PEM file with the certificates of the authorities that vouch for others; those of the system are not asked.</summary>
    public string? CaFile { get; set; }

    /// <summary>
    /// The DNS name that the certificate of every silo carries and that of no client does. It is looked for in the certificates of gateways, and
    /// of everybody at either end of a connection between silos. Null: any certificate of the authorities will do for a silo, so that
    /// a client's may be used to pose as one.
    /// </summary>
    public string? SiloName { get; set; }

    /// <summary>How long the other side may take for the handshake. Default 5 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long files are trusted to be unchanged. The first handshake after that reads them again, and new connections use what is new;
    /// files that cannot be used are reported, and the old ones stay in use. Default 1 s.
    /// </summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether TLS is asked for.</summary>
    public bool IsOn => CertificateFile is not null || KeyFile is not null || CaFile is not null || SiloName is not null;

    /// <summary>What is wrong with it, each problem with the option's full name; reads the files.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        if (!IsOn)
        {
            return problems;
        }

        RequireFile(CertificateFile, nameof(CertificateFile));
        RequireFile(CaFile, nameof(CaFile));
        if (KeyFile is not null)
        {
            RequireFile(KeyFile, nameof(KeyFile));
        }

        if (SiloName is not null && Uri.CheckHostName(SiloName) != UriHostNameType.Dns)
        {
            problems.Add($"{Section}:{nameof(SiloName)} '{SiloName}' is not a DNS name");
        }

        RequireTime(HandshakeTimeout, TimeSpan.FromMilliseconds(100), nameof(HandshakeTimeout));
        RequireTime(ReloadInterval, TimeSpan.Zero, nameof(ReloadInterval));
        if (problems.Count == 0)
        {
            try
            {
                using TlsFiles files = TlsFiles.Read(this);
            }
            catch (TlsFileException error)
            {
                problems.Add(error.Message);
            }
        }

        return problems;

        void RequireFile(string? file, string option)
        {
            if (string.IsNullOrWhiteSpace(file))
            {
                problems.Add($"{Section}:{option} is empty; TLS needs a certificate, its key and an authority");
            }
            else if (!File.Exists(file))
            {
                problems.Add($"{Section}:{option} '{file}' does not exist");
            }
        }

        void RequireTime(TimeSpan value, TimeSpan least, string option)
        {
            if (value < least || value > TimeSpan.FromMinutes(10))
            {
                problems.Add($"{Section}:{option} is {value}; it may be {least} to 00:10:00");
            }
        }
    }
}
