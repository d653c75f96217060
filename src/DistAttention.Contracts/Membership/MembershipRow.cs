using System.Globalization;
using System.Text.Json.Serialization;
using Orleans;
using Orleans.Runtime;

namespace DistAttention.Contracts.Membership;

/// <summary>One silo in the file.</summary>
internal sealed record MembershipRow
{
    /// <summary>Version of the table that this row was last written by, <see cref="AliveTime"/> apart. Unique, so it is the row's etag.</summary>
    public required int WrittenBy { get; init; }

    /// <summary>"127.0.0.1:11111@generation".</summary>
    public required string Address { get; init; }

    public required SiloStatus Status { get; init; }

    public required string Name { get; init; }

    public required string Host { get; init; }

    public string? Role { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    public int GatewayPort { get; init; }

    public DateTime StartTime { get; init; }

    public DateTime AliveTime { get; init; }

    public IReadOnlyList<SuspicionRow> Suspicions { get; init; } = [];

    [JsonIgnore]
    public string ETag => WrittenBy.ToString(CultureInfo.InvariantCulture);

    /// <summary>A silo that ended without saying so has its last sign of life here.</summary>
    [JsonIgnore]
    public DateTime LastSeen => AliveTime > StartTime ? AliveTime : StartTime;

    public static MembershipRow Of(MembershipEntry entry, int version) => new()
    {
        WrittenBy = version,
        Address = entry.SiloAddress.ToParsableString(),
        Status = entry.Status,
        Name = entry.SiloName ?? "",
        Host = entry.HostName ?? "",
        Role = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        GatewayPort = entry.ProxyPort,
        StartTime = Utc(entry.StartTime),
        AliveTime = Utc(entry.IAmAliveTime),
        Suspicions = [.. (entry.SuspectTimes ?? []).Select(static s => new SuspicionRow(s.Item1.ToParsableString(), Utc(s.Item2)))],
    };

    public MembershipEntry ToEntry() => new()
    {
        SiloAddress = SiloAddress.FromParsableString(Address),
        Status = Status,
        SiloName = Name,
        HostName = Host,
        RoleName = Role,
        UpdateZone = UpdateZone,
        FaultZone = FaultZone,
        ProxyPort = GatewayPort,
        StartTime = StartTime,
        IAmAliveTime = AliveTime,
        SuspectTimes = [.. Suspicions.Select(static s => Tuple.Create(SiloAddress.FromParsableString(s.By), s.At))],
    };

    /// <summary>Orleans means UTC, whatever the kind says.</summary>
    public static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);
}

/// <summary>A silo's vote that another one is dead.</summary>
internal sealed record SuspicionRow(string By, DateTime At);
