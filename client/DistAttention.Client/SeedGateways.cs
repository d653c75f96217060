using System.Net;
using DistAttention.Contracts;
using Orleans.Messaging;
using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>
/// Gateways that were given, and those that the cluster names once it is reached: calls then spread over all of them, and
/// the loss of the first is no matter.
/// </summary>
internal sealed class SeedGateways : IGatewayListProvider
{
    public static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(2);

    private readonly IList<Uri> _seeds;
    private DistAttentionClient? _connected;
    private IList<Uri> _known;

    public SeedGateways(IEnumerable<EndPoint> seeds)
    {
        _seeds = [.. seeds.Select(static e => UriOf(e))];
        _known = _seeds;
    }

    public TimeSpan MaxStaleness => RefreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <summary>Asks the cluster from now on.</summary>
    public void Follow(DistAttentionClient connected) => _connected = connected;

    public async Task<IList<Uri>> GetGateways()
    {
        if (_connected is { } connected)
        {
            try
            {
                IReadOnlyList<SiloReport> silos = await connected.GetClusterReportAsync().WaitAsync(RefreshPeriod).ConfigureAwait(false);
                List<Uri> named = [.. silos.Where(static s => s.Gateway.Length > 0).Select(static s => UriOf(IPEndPoint.Parse(s.Gateway)))];
                _known = named.Count > 0 ? [.. named.Union(_seeds)] : _known;
            }
            catch (Exception e) when (e is not ObjectDisposedException)
            {
                // The cluster is out of reach just now: what was known stays known.
            }
        }

        return _known;
    }

    private static Uri UriOf(EndPoint endPoint)
    {
        IPEndPoint address = endPoint switch
        {
            IPEndPoint ip => ip,
            DnsEndPoint dns => new IPEndPoint(Dns.GetHostAddresses(dns.Host, dns.AddressFamily)[0], dns.Port),
            _ => throw new InvalidSpecException(nameof(DistAttentionClientOptions.Gateways), $"{endPoint} is not an IP or DNS end point"),
        };
        return SiloAddress.New(address, 0).ToGatewayUri();
    }
}
