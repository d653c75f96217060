using System.Globalization;

namespace DistAttention.Chaos.Hosts;

/// <summary>
/// Hosts of one machine: network namespaces with an address each, on a switch that is a bridge in a namespace of its own. Links are cut where
/// a cable or a switch fails in earnest: nobody is told, packets are gone. Everything goes with this object; what a run left that was killed,
/// the next one removes.
/// </summary>
internal sealed class HostNetwork : IAsyncDisposable
{
    private const string Prefix = "distattn-";
    private const string Switch = "net";
    private const string Bridge = "br0";
    private const string Interface = "eth0";
    private const string NobodysMac = "02:00:00:00:00:99";

    private readonly string _run = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-");
    private readonly string[] _hosts;

    private HostNetwork(string[] hosts) => _hosts = hosts;

    /// <summary>Why there can be none here; null if there can.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "network namespaces need Linux and root";
        }

        string probe = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-probe");
        try
        {
            await Tool.RunAsync("ip", "netns", "add", probe).ConfigureAwait(false);
            try
            {
                await Tool.RunAsync("ip", "-n", probe, "link", "add", Bridge, "type", "bridge").ConfigureAwait(false);
                await Tool.RunAsync("ip", "-n", probe, "link", "add", "p", "type", "veth", "peer", "name", "q").ConfigureAwait(false);
                await Tool.RunAsync("ip", "netns", "exec", probe, "true").ConfigureAwait(false);
            }
            finally
            {
                await Tool.TryAsync("ip", "netns", "del", probe).ConfigureAwait(false);
            }

            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"network namespaces are not allowed here: {e.Message}";
        }
    }

    /// <summary>Makes hosts that reach each other.</summary>
    /// <param name="hosts">Their names, a few characters each.</param>
    public static async Task<HostNetwork> CreateAsync(params string[] hosts)
    {
        await RemoveLeftoversAsync().ConfigureAwait(false);
        HostNetwork network = new(hosts);
        try
        {
            string middle = network.NameOf(Switch);
            await Tool.RunAsync("ip", "netns", "add", middle).ConfigureAwait(false);
            await Tool.RunAsync("ip", "-n", middle, "link", "add", Bridge, "type", "bridge").ConfigureAwait(false);
            await Tool.RunAsync("ip", "-n", middle, "link", "set", Bridge, "up").ConfigureAwait(false);
            foreach (string host in hosts)
            {
                string space = network.NameOf(host);
                await Tool.RunAsync("ip", "netns", "add", space).ConfigureAwait(false);
                await Tool.RunAsync("ip", "-n", middle, "link", "add", PortOf(host), "type", "veth", "peer", "name", Interface, "netns", space).ConfigureAwait(false);
                await Tool.RunAsync("ip", "-n", middle, "link", "set", PortOf(host), "master", Bridge, "up").ConfigureAwait(false);
                await Tool.RunAsync("ip", "-n", space, "addr", "add", network.AddressOf(host) + "/24", "dev", Interface).ConfigureAwait(false);
                await Tool.RunAsync("ip", "-n", space, "link", "set", Interface, "up").ConfigureAwait(false);
                await Tool.RunAsync("ip", "-n", space, "link", "set", "lo", "up").ConfigureAwait(false);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A host's address.</summary>
    public string AddressOf(string host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{Array.IndexOf(_hosts, host) + 1}");

    /// <summary>A command that runs what comes behind it on a host.</summary>
    public string[] On(string host) => ["ip", "netns", "exec", NameOf(host)];

    /// <summary>Takes a host off the switch.</summary>
    public Task CutAsync(string host) => Tool.RunAsync("ip", "-n", NameOf(Switch), "link", "set", PortOf(host), "nomaster");

    /// <summary>Puts a host back on the switch.</summary>
    public Task HealAsync(string host) => Tool.RunAsync("ip", "-n", NameOf(Switch), "link", "set", PortOf(host), "master", Bridge);

    /// <summary>Loses all that one host sends to another; what that one sends arrives.</summary>
    public Task CutAsync(string from, string to) =>
        Tool.RunAsync("ip", "-n", NameOf(from), "neigh", "replace", AddressOf(to), "lladdr", NobodysMac, "dev", Interface, "nud", "permanent");

    /// <summary>Ends that.</summary>
    public Task HealAsync(string from, string to) => Tool.RunAsync("ip", "-n", NameOf(from), "neigh", "del", AddressOf(to), "dev", Interface);

    /// <summary>Makes a host's link slow: late and lossy where the kernel can, else narrow with a long queue, which makes it late too.</summary>
    /// <returns>What was done, in words.</returns>
    public async Task<string> SlowAsync(string host)
    {
        (int code, _, _) = await Tool.TryAsync("tc", "-n", NameOf(host), "qdisc", "replace", "dev", Interface, "root", "netem", "delay", "150ms", "50ms", "loss", "1%").ConfigureAwait(false);
        if (code == 0)
        {
            return "150 ms late, 1 % lost";
        }

        await Tool.RunAsync("tc", "-n", NameOf(host), "qdisc", "replace", "dev", Interface, "root", "tbf", "rate", "400kbit", "burst", "4kb", "latency", "1500ms").ConfigureAwait(false);
        return "400 kbit/s, queue of 1.5 s";
    }

    /// <summary>Ends that.</summary>
    public Task QuickenAsync(string host) => Tool.RunAsync("tc", "-n", NameOf(host), "qdisc", "del", "dev", Interface, "root");

    public async ValueTask DisposeAsync()
    {
        foreach (string host in (string[])[.. _hosts, Switch])
        {
            await RemoveAsync(NameOf(host)).ConfigureAwait(false);
        }
    }

    private static string PortOf(string host) => "to-" + host;

    /// <summary>Removes what processes left that are gone.</summary>
    private static async Task RemoveLeftoversAsync()
    {
        string listed = await Tool.RunAsync("ip", "netns", "list").ConfigureAwait(false);
        foreach (string line in listed.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = line.Split(' ')[0];
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && int.TryParse(name.Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                && !Directory.Exists($"/proc/{process}"))
            {
                await RemoveAsync(name).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends what still runs on a host, and removes it.</summary>
    private static async Task RemoveAsync(string name)
    {
        (_, string processes, _) = await Tool.TryAsync("ip", "netns", "pids", name).ConfigureAwait(false);
        foreach (string process in processes.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await Tool.TryAsync("kill", "-KILL", process).ConfigureAwait(false);
        }

        await Tool.TryAsync("ip", "netns", "del", name).ConfigureAwait(false);
    }

    private string NameOf(string host) => _run + host;
}
