using System.Net;
using DistAttention.Contracts.Access;
using DistAttention.Contracts.Tls;

namespace DistAttention.Client;

/// <summary>How a client talks to a cluster.</summary>
public sealed class DistAttentionClientOptions
{
    /// <summary>Gateways of silos to connect to; any one that lives is enough. Used by <see cref="DistAttentionClient.ConnectAsync"/> unless <see cref="ConfigureClustering"/> is set.</summary>
    public IList<EndPoint> Gateways { get; } = [];

    /// <summary>The cluster's id, as its silos have it. Default "distattention".</summary>
    public string ClusterId { get; set; } = "distattention";

    /// <summary>The cluster's service id, as its silos have it. Default "distattention".</summary>
    public string ServiceId { get; set; } = "distattention";

    /// <summary>How the cluster is found, instead of <see cref="Gateways"/>. Used by <see cref="DistAttentionClient.ConnectAsync"/>.</summary>
    public Action<IClientBuilder>? ConfigureClustering { get; set; }

    /// <summary>
    /// The token to show with every call, where the cluster asks for one (<c>distattn token new</c> prints some). It says whose sequences this
    /// client sees. Used by <see cref="DistAttentionClient.ConnectAsync"/> and <c>AddDistAttentionClient</c>.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>Certificates, where the cluster uses TLS. Off until files are named. Used as <see cref="Token"/> is.</summary>
    public TlsSettings Tls { get; set; } = new();

    /// <summary>How long to try to reach the cluster before connecting fails. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Query tiles (about 1 MiB of q each) of one call that are under way at a time. More keep silos busy and cost memory. Default 8.</summary>
    public int TilesInFlight { get; set; } = 8;

    /// <summary>Slices (up to 4 MiB) of one append that are under way at a time. Default 8.</summary>
    public int WritesInFlight { get; set; } = 8;

    /// <summary>
    /// Calls (tiles and appends) that may be under way or waiting to be made again at a time, before further ones are refused with <see cref="OverloadedException"/>. Default 1,024.
    /// Of these, only as many are sent as should be answered well before their deadlines, at the rate at which answers have come of late.
    /// </summary>
    public int MaxCalls { get; set; } = 1024;

    /// <summary>Coordinators that calls are spread over; a few per silo. Default 16.</summary>
    public int Coordinators { get; set; } = 16;

    /// <summary>The shortest time after which a coordinator that has not answered is asked how the call stands; three times the time predicted where that is longer. Default 250 ms.</summary>
    public TimeSpan MinAttemptTime { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The shortest time after which a coordinator is asked whether it is at work on a call, and another one is given the call as well if it is not
    /// or says nothing; three times the time predicted where that is longer. Default 50 ms.
    /// </summary>
    public TimeSpan HedgeTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the question after <see cref="MinAttemptTime"/> may stay unanswered before the call is sent to another coordinator. Default 3 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a silo may work on a call, and nothing on it get on, before the call is sent again. Default 60 s.</summary>
    public TimeSpan StallTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long calls that are turned away, as they are for a while after a silo was lost, are repeated. Default 60 s. Calls with a deadline of their own keep to that.</summary>
    public TimeSpan RetryTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// TCP connections to each gateway. Default 2: a large tile on its way does not hold up small messages. Answers come over the newest
    /// of them; the gateway logs a warning when that replaces an older one, which the levels of <c>distattn-silo</c> leave out.
    /// </summary>
    public int ConnectionsPerGateway { get; set; } = 2;

    /// <summary>The clock of deadlines and attempts. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Whose sequences this client sees; nobody's in particular without a token.</summary>
    internal TenantName Tenant => ApiToken.TryParse(Token, out ApiToken token) ? token.Tenant : default;

    /// <summary>Checks every property.</summary>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public void Validate()
    {
        RequirePositive(TilesInFlight, nameof(TilesInFlight));
        RequirePositive(WritesInFlight, nameof(WritesInFlight));
        RequirePositive(MaxCalls, nameof(MaxCalls));
        RequirePositive(Coordinators, nameof(Coordinators));
        RequirePositive(ConnectionsPerGateway, nameof(ConnectionsPerGateway));
        RequireTime(ConnectTimeout, nameof(ConnectTimeout));
        RequireTime(MinAttemptTime, nameof(MinAttemptTime));
        RequireTime(ProbeTimeout, nameof(ProbeTimeout));
        RequireTime(HedgeTime, nameof(HedgeTime));
        RequireTime(StallTime, nameof(StallTime));
        RequireTime(RetryTime, nameof(RetryTime));
        Ensure.That(!string.IsNullOrWhiteSpace(ClusterId), nameof(ClusterId), "a value is needed");
        Ensure.That(!string.IsNullOrWhiteSpace(ServiceId), nameof(ServiceId), "a value is needed");
        Ensure.That(Token is null || ApiToken.TryParse(Token, out _), nameof(Token), "it is not a token as 'distattn token new' prints them"); // without its text
        Ensure.That(Tls is not null, nameof(Tls), "a value is needed");
        Ensure.That(Tls!.Problems() is not { Count: > 0 } problems, nameof(Tls), $"{string.Join("; ", Tls.Problems())}");
        Ensure.That(TimeProvider is not null, nameof(TimeProvider), "a value is needed");
    }

    private static void RequirePositive(int value, string property) => Ensure.That(value >= 1, property, $"{value} is not at least 1");

    private static void RequireTime(TimeSpan value, string property) =>
        Ensure.That(value > TimeSpan.Zero && value <= TimeSpan.FromHours(1), property, $"{value} is not between 0 and an hour");
}
