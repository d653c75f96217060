using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace DistAttention.Contracts.Tls;

/// <summary>This party's certificate and authorities, read again when their files change.</summary>
internal sealed partial class TlsCredentials
{
    private readonly TlsSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private TlsFiles _files;
    private long _readAt;

    /// <summary>Reads the files.</summary>
    /// <param name="settings">Where they are; valid.</param>
    /// <param name="time">The clock of reading again.</param>
    /// <param name="log">Told of every change.</param>
    /// <exception cref="TlsFileException">One cannot be used.</exception>
    public TlsCredentials(TlsSettings settings, TimeProvider time, ILogger log)
    {
        _settings = settings;
        _time = time;
        _log = log;
        _files = TlsFiles.Read(settings);
        _readAt = time.GetTimestamp();
    }

    /// <summary>What to use for a handshake that begins now.</summary>
    public TlsFiles Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_readAt) >= _settings.ReloadInterval && !_files.AreStillIn(_settings))
                {
                    Reload();
                }

                return _files;
            }
        }
    }

    // What was replaced is not disposed of: a handshake may still be at it, and the collector gets it.
    private void Reload()
    {
        _readAt = _time.GetTimestamp();
        try
        {
            _files = TlsFiles.Read(_settings);
            X509Certificate2 certificate = _files.Certificate;
            LogReloaded(_log, certificate.Subject, certificate.NotAfter.ToUniversalTime());
        }
        catch (TlsFileException error)
        {
            LogNotReloaded(_log, error.Message);
        }
    }
}
