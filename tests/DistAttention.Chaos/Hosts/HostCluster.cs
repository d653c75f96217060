using System.Collections.Concurrent;
using System.Diagnostics;
using DistAttention.Chaos.Silos;
using DistAttention.Contracts.Membership;
using DistAttention.Testing.Postgres;
using Npgsql;

namespace DistAttention.Chaos.Hosts;

/// <summary>Two hosts with a silo each, and a third with the callers and the database that holds members and sequences. All of it ends with this object.</summary>
internal sealed class HostCluster : IAsyncDisposable
{
    /// <summary>The hosts of the silos.</summary>
    public static readonly string[] SiloHosts = ["a", "b"];

    /// <summary>The host of the callers and of the database.</summary>
    public const string CallerHost = "c";

    private const int SiloPort = 11_111;
    private const int GatewayPort = 30_000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(50);

    private readonly HostOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-hosts-").FullName;
    private readonly ConcurrentQueue<LoadEvent> _events = new();
    private readonly FolderLock _owner;
    private PrivatePostgres? _postgres;
    private Process? _load;
    private Task<string> _loadError = Task.FromResult("");

    private HostCluster(HostOptions options, HostNetwork network)
    {
        _options = options;
        Network = network;
        _owner = FolderLock.TryAcquire(OwnerLock) ?? throw new InvalidOperationException($"{OwnerLock} is taken");
    }

    public HostNetwork Network { get; }

    public IReadOnlyList<HostSilo> Silos { get; private set; } = [];

    /// <summary>Everything that the callers have seen.</summary>
    public IReadOnlyCollection<LoadEvent> Events => _events;

    /// <summary>Where logs are.</summary>
    public string Folder => _folder;

    private string OwnerLock => Path.Combine(_folder, "owner.lock");

    /// <summary>Starts everything, and waits until calls are made.</summary>
    public static async Task<HostCluster> StartAsync(HostOptions options, CancellationToken cancellationToken)
    {
        HostCluster cluster = new(options, await HostNetwork.CreateAsync([.. SiloHosts, CallerHost]).ConfigureAwait(false));
        try
        {
            string executable = SiloCluster.SiloExecutable();
            cluster._postgres = await PrivatePostgres.StartAsync(cluster.Network.AddressOf(CallerHost), cluster.Network.On(CallerHost)).ConfigureAwait(false);
            await cluster._postgres.ExecuteAsync(await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(executable)!, "postgresql.sql"), cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            cluster.Silos = [.. SiloHosts.Select(host => new HostSilo("silo-" + host, () => cluster.HowToStart(executable, host)))];
            foreach (HostSilo silo in cluster.Silos)
            {
                silo.Start();
            }

            await cluster.WaitUntilWholeAsync(_patience, cancellationToken).ConfigureAwait(false);
            await cluster.StartLoadAsync(cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until every silo is a member.</summary>
    /// <returns>False if the time was up.</returns>
    public async Task<bool> WaitUntilWholeAsync(TimeSpan atMost, CancellationToken cancellationToken) =>
        await UntilAsync(async () => await ActiveAsync(cancellationToken).ConfigureAwait(false) == SiloHosts.Length, atMost, cancellationToken).ConfigureAwait(false);

    /// <summary>Waits until every caller has had a call done that it began since.</summary>
    /// <param name="since">In ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="atMost">How long to wait.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <returns>When the last of them had; null if the time was up.</returns>
    public async Task<long?> WaitUntilServedAsync(long since, TimeSpan atMost, CancellationToken cancellationToken)
    {
        long? last = null;
        await UntilAsync(
            () =>
            {
                string[] callers = [.. _events.Where(static e => e.Kind == LoadEventKind.Done).Select(static e => e.Caller).Distinct()];
                long?[] first = [.. callers.Select(caller => _events.FirstOrDefault(e => e.Kind == LoadEventKind.Done && e.Caller == caller && e.Began >= since)?.Ended)];
                last = first.Length > 0 && first.All(static f => f is not null) ? first.Max() : null;
                return Task.FromResult(last is not null);
            },
            atMost,
            cancellationToken).ConfigureAwait(false);
        return last;
    }

    /// <summary>Has the callers end, and what is at rest looked at.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _load!.StandardInput.WriteLineAsync("enough").ConfigureAwait(false);
        await _load.WaitForExitAsync(cancellationToken).WaitAsync(_patience, cancellationToken).ConfigureAwait(false);
        if (_load.ExitCode != 0)
        {
            throw new InvalidOperationException($"the callers ended with {_load.ExitCode}: {await _loadError.ConfigureAwait(false)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_load is { } load)
        {
            if (!load.HasExited)
            {
                load.Kill();
                await load.WaitForExitAsync().ConfigureAwait(false);
            }

            load.Dispose();
        }

        await Task.WhenAll(Silos.Select(static s => s.DisposeAsync().AsTask())).ConfigureAwait(false);
        await (_postgres?.DisposeAsync() ?? default).ConfigureAwait(false);
        await Network.DisposeAsync().ConfigureAwait(false);
        _owner.Dispose();
        if (!_options.Keep)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task<bool> UntilAsync(Func<Task<bool>> isTrue, TimeSpan atMost, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await isTrue().ConfigureAwait(false))
        {
            if (Stopwatch.GetElapsedTime(began) > atMost)
            {
                return false;
            }

            await Task.Delay(_poll, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<long> ActiveAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = new(_postgres!.ConnectionString());
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            using NpgsqlCommand command = new("SELECT count(*) FROM OrleansMembershipTable WHERE Status = 3", connection);
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    private async Task StartLoadAsync(CancellationToken cancellationToken)
    {
        string[] command =
        [
            .. Network.On(CallerHost), Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", "exec", SiloCluster.Built("DistAttention.Chaos", "chaos.dll"),
            CommandVerbs.HostLoad, .. SiloHosts.Select(host => $"{Network.AddressOf(host)}:{GatewayPort}"),
        ];
        _load = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        _loadError = _load.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = Task.Run(
            async () =>
            {
                while (await _load.StandardOutput.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
                {
                    if (LoadEvent.TryParse(line) is { } seen)
                    {
                        _events.Enqueue(seen);
                    }
                }
            },
            CancellationToken.None);
        if (!await UntilAsync(() => Task.FromResult(_load.HasExited || _events.Any(static e => e.Kind == LoadEventKind.Ready)), _patience, cancellationToken).ConfigureAwait(false) || _load.HasExited)
        {
            _load.Kill();
            throw new InvalidOperationException($"the callers do not begin: {await _loadError.ConfigureAwait(false)}");
        }
    }

    private ProcessStartInfo HowToStart(string executable, string host)
    {
        string database = _postgres!.NetworkConnectionString();
        string[] command =
        [
            .. Network.On(host), executable,
            "--mode", "PostgreSql", "--connection-string", database, "--storage-connection-string", database,
            "--name", "silo-" + host,
            "--address", Network.AddressOf(host),
            "--silo-port", $"{SiloPort}",
            "--gateway-port", $"{GatewayPort}",
            "--compute-threads", "1",
            "--memory-budget", $"{1L << 30}",
            "--Hosting:OwnerLock", OwnerLock,
            "--Hosting:Detached", "true",
            "--log-file", Path.Combine(_folder, $"silo-{host}.log"),
            .. _options.SiloArguments,
        ];
        return new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
    }
}
