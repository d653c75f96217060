using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DistAttention.Silo.Admin.Listening;

/// <summary>Where an HTTP listener is, and what it lets through.</summary>
/// <param name="Section">The section of the configuration that asks for it, for errors and logs.</param>
/// <param name="Address">The address.</param>
/// <param name="Port">The port.</param>
/// <param name="IsSecure">Whether it speaks HTTPS, with the certificate of the section <c>Tls</c>.</param>
internal sealed record HttpListen(string Section, IPAddress Address, int Port, bool IsSecure)
{
    /// <summary>Changes the server's limits, those on the size of bodies among them. Default: Kestrel's own.</summary>
    public Action<KestrelServerLimits> Limit { get; init; } = static _ => { };

    /// <summary>Where it is, for people.</summary>
    public string Url => $"{(IsSecure ? "https" : "http")}://{new IPEndPoint(Address, Port)}";
}
