using System.Net.Sockets;
using System.Reflection;
using DistAttention.Contracts.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Networking.Shared;

namespace DistAttention.Contracts.Tests;

public sealed class UnansweredLimitTests
{
    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>An upgrade of the transport's packages may change it, and nothing else would tell.</summary>
    [Fact]
    public void TheTransportsConnectionsHaveTheirSocketWhereItIsLookedFor()
    {
        Type connection = typeof(SocketConnectionOptions).Assembly.GetType("Orleans.Networking.Shared.SocketConnection", throwOnError: true)!;
        Assert.Equal(typeof(Socket), connection.GetField("_socket", BindingFlags.Instance | BindingFlags.NonPublic)?.FieldType);
        Assert.True(connection.IsAssignableTo(typeof(ConnectionContext)));
    }

    [Fact]
    public async Task ASocketIsGivenTheLimitAndOneThatEndedPassedOn()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await using DefaultConnectionContext connection = new();
        connection.Features.Set<IConnectionSocketFeature>(new WithSocket(socket));
        int passed = 0;
        ConnectionBuilder builder = new(new ServiceCollection().BuildServiceProvider());
        UnansweredLimit.Add(builder);
        builder.Run(_ =>
        {
            passed++;
            return Task.CompletedTask;
        });
        ConnectionDelegate run = builder.Build();

        await run(connection);
        if (OperatingSystem.IsLinux())
        {
            byte[] value = new byte[sizeof(int)];
            socket.GetRawSocketOption(Tcp, UserTimeout, value);
            Assert.Equal(UnansweredLimit.Default.TotalMilliseconds, BitConverter.ToInt32(value));
        }

        socket.Dispose();
        await run(connection);
        connection.Features.Set<IConnectionSocketFeature>(null);
        await run(connection);
        Assert.Equal(3, passed);
    }

    private sealed class WithSocket(Socket socket) : IConnectionSocketFeature
    {
        public Socket Socket => socket;
    }
}
