using System.Net.Sockets;
using System.Reflection;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace DistAttention.Contracts.Connections;

/// <summary>
/// Ends connections whose other side has not acknowledged for some time what was sent, so that a new one is opened. By itself TCP sends again at ever
/// longer intervals: after a network was gone for a minute, the next attempt may be most of another minute away, and calls hang although
/// everything is back.
/// </summary>
/// <remarks>RFC 5482, as Linux has it (<c>TCP_USER_TIMEOUT</c>); elsewhere nothing is done. A process that is stopped acknowledges as long as there is room for what it does not read.</remarks>
public static class UnansweredLimit
{
    /// <summary>How long: longer than a short loss of the network, far shorter than callers wait.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(10);

    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>Adds it to what is done with a connection.</summary>
    /// <param name="connection">What is done with a connection.</param>
    public static void Add(IConnectionBuilder connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.Use(next => context =>
        {
            Apply(context, Default);
            return next(context);
        });
    }

    /// <summary>Sets it for one connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="limit">How long.</param>
    /// <returns>Whether it could be set.</returns>
    internal static bool Apply(ConnectionContext connection, TimeSpan limit)
    {
        if (!OperatingSystem.IsLinux() || SocketOf(connection) is not { AddressFamily: AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 } socket)
        {
            return false;
        }

        try
        {
            socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes((int)limit.TotalMilliseconds));
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // It has ended.
        }
    }

    /// <summary>The transport does not show its socket; it has one, of this name in every version so far, and a test looks whether that stays so.</summary>
    private static Socket? SocketOf(ConnectionContext connection) =>
        connection.Features.Get<IConnectionSocketFeature>()?.Socket
        ?? connection.GetType().GetField("_socket", BindingFlags.Instance | BindingFlags.NonPublic)?.GetValue(connection) as Socket;
}
