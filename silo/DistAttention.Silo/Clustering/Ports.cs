using System.Net;
using System.Net.Sockets;
using DistAttention.Silo.Admin;
using DistAttention.Silo.Http;
using DistAttention.Silo.Options;

namespace DistAttention.Silo.Clustering;

/// <summary>
/// Refuses ports that somebody listens on before the silo joins: in the cluster's eyes, a second silo at an address replaces the first one.
/// </summary>
internal static class Ports
{
    /// <exception cref="IOException">A port is taken.</exception>
    public static void RequireFree(EndpointOptions endpoint)
    {
        IPAddress address = IPAddress.Parse(endpoint.ListenAddress ?? endpoint.Address);
        RequireFree(address, endpoint.SiloPort, $"{EndpointOptions.Section}:{nameof(endpoint.SiloPort)}");
        RequireFree(address, endpoint.GatewayPort, $"{EndpointOptions.Section}:{nameof(endpoint.GatewayPort)}");
    }

    /// <exception cref="IOException">The port is taken.</exception>
    public static void RequireFree(AdminOptions admin)
    {
        if (admin.Port is { } port)
        {
            RequireFree(IPAddress.Parse(admin.Address), port, $"{AdminOptions.Section}:{nameof(admin.Port)}");
        }
    }

    /// <exception cref="IOException">The port is taken.</exception>
    public static void RequireFree(HttpOptions http)
    {
        if (http.Port is { } port)
        {
            RequireFree(IPAddress.Parse(http.Address), port, $"{HttpOptions.Section}:{nameof(http.Port)}");
        }
    }

    private static void RequireFree(IPAddress address, int port, string option)
    {
        try
        {
            using TcpListener listener = new(address, port);
            listener.Start();
        }
        catch (SocketException error)
        {
            throw new IOException($"{option} {port} on {address}: {error.Message}", error);
        }
    }
}
