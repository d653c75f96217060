using System.Net;
using DistAttention.Contracts.Membership;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Membership;

/// <summary>Tables over a folder, and rows for them.</summary>
internal static class Entries
{
    public static FileMembershipTable Table(string folder) => new(Microsoft.Extensions.Options.Options.Create(new FileMembershipOptions { Folder = folder }));

    public static MembershipEntry Entry(int port, SiloStatus status = SiloStatus.Active, int gateway = 0) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 7),
        Status = status,
        SiloName = $"silo-{port}",
        HostName = "here",
        ProxyPort = gateway,
        StartTime = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2026, 1, 1, 0, 0, 1, DateTimeKind.Utc),
    };
}
