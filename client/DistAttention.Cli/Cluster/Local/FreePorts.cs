using System.Net;
using System.Net.Sockets;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>Finds two ports per silo that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>Where the search starts when nobody says: below the ports that systems hand out by themselves.</summary>
    public const int DefaultBase = 21_000;

    private const int MaxPort = 65_535;

    /// <summary>
    /// The first pairs from a port on. If <paramref name="exactly"/>, those and no others.
    /// </summary>
    /// <exception cref="CliException">A port that must be free is not, or too few are.</exception>
    public static IReadOnlyList<(int Silo, int Gateway)> FromBase(int basePort, bool exactly, int count)
    {
        List<(int, int)> found = [];
        for (int port = basePort; found.Count < count; port += 2)
        {
            if (port + 1 > MaxPort)
            {
                throw new CliException($"there are not {2 * count} free ports from {basePort} on");
            }

            if (IsFree(port) && IsFree(port + 1))
            {
                found.Add((port, port + 1));
            }
            else if (exactly)
            {
                throw new CliException($"port {(IsFree(port) ? port + 1 : port)} is taken; --base-port moves the cluster");
            }
        }

        return found;
    }

    /// <summary>Pairs that the system chooses, different ones for everybody who asks at the same time.</summary>
    public static IReadOnlyList<(int Silo, int Gateway)> Any(int count)
    {
        TcpListener[] held = [.. Enumerable.Range(0, 2 * count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        try
        {
            foreach (TcpListener listener in held)
            {
                listener.Start();
            }

            int[] ports = [.. held.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
            return [.. Enumerable.Range(0, count).Select(i => (ports[2 * i], ports[(2 * i) + 1]))];
        }
        finally
        {
            foreach (TcpListener listener in held)
            {
                listener.Dispose();
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
