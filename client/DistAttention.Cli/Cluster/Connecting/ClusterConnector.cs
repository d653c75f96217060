using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Client;

namespace DistAttention.Cli.Cluster.Connecting;

/// <summary><c>--cluster HOST:PORT</c> and <c>--silos N</c>.</summary>
internal sealed class ClusterConnector(int silosUnlessTold) : IConnector
{
    private const int MostSilos = 64;
    private static readonly TimeSpan _connectPatience = TimeSpan.FromSeconds(6);

    private readonly Option<EndPoint?> _cluster =
        Parsed.Option<EndPoint?>("--cluster", "HOST:PORT", "Compute on a cluster that runs: any one of its gateways.", static text => Gateway(text));

    private readonly Option<int?> _silos = Parsed.Option<int?>(
        "--silos",
        "N",
        "Compute on N silos of this machine, each a process, started for this and stopped after." + (silosUnlessTold > 0 ? $" Default: {silosUnlessTold}." : ""),
        static text => (int)Parsed.WholeNumber(1, MostSilos)(text));

    private readonly ClusterCredentials _credentials = new();

    public IReadOnlyList<Option> Options => [_cluster, _silos];

    public IReadOnlyList<Option> Details => _credentials.Options;

    public Task<IAttentionHost>? Open(ParseResult parsed, int? threads, CliConsole console, CancellationToken cancellationToken)
    {
        int? silos = parsed.GetValue(_silos);
        if (parsed.GetValue(_cluster) is { } gateway)
        {
            return threads is null ? ConnectAsync(gateway, options => _credentials.ApplyTo(options, parsed), cancellationToken) : throw new CliException("--threads is decided by the silos of a cluster that runs");
        }

        int count = silos ?? silosUnlessTold;
        return count > 0 ? StartAsync(count, threads, cancellationToken) : null;
    }

    /// <summary>"host:port", "10.0.0.1:port", "[::1]:port".</summary>
    public static EndPoint Gateway(string text)
    {
        if (IPEndPoint.TryParse(text, out IPEndPoint? address) && address.Port > 0)
        {
            return address;
        }

        int colon = text.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            && Uri.CheckHostName(text[..colon]) == UriHostNameType.Dns
            ? new DnsEndPoint(text[..colon], port, AddressFamily.InterNetwork)
            : throw new FormatException($"'{text}' is not HOST:PORT");
    }

    /// <summary>Connects to a cluster that runs.</summary>
    /// <exception cref="CliException">Nobody answers there.</exception>
    public static async Task<DistAttentionClient> ConnectClientAsync(EndPoint gateway, Action<DistAttentionClientOptions> configure, CancellationToken cancellationToken)
    {
        string place = gateway is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : $"{gateway}";
        try
        {
            DistAttentionClientOptions options = new() { Gateways = { gateway }, ConnectTimeout = _connectPatience };
            configure(options);
            return await DistAttentionClient.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (AttentionTimeoutException error)
        {
            throw new CliException($"no gateway of a cluster answers at {place} within {Units.Duration(_connectPatience)}", error);
        }
        catch (SocketException error)
        {
            throw new CliException($"{place}: {error.Message}", error);
        }
    }

    private static async Task<IAttentionHost> ConnectAsync(EndPoint gateway, Action<DistAttentionClientOptions> configure, CancellationToken cancellationToken) =>
        await ClusterHost.OpenAsync(token => ConnectClientAsync(gateway, configure, token), owned: null, cancellationToken).ConfigureAwait(false);

    private static async Task<IAttentionHost> StartAsync(int silos, int? threadsPerSilo, CancellationToken cancellationToken) =>
        await ClusterHost.StartAsync(silos, threadsPerSilo, cancellationToken).ConfigureAwait(false);
}
