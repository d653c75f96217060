using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DistAttention.Chaos.Running;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using DistAttention.Testing.Postgres;

namespace DistAttention.Chaos.Silos;

/// <summary>Silos that share a folder for their sequences, in a temporary place that goes with this object, as do they.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private static readonly TimeSpan _startPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly ChaosOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-chaos-").FullName;
    private readonly FolderLock _owner;
    private PrivatePostgres? _postgres;

    private SiloCluster(ChaosOptions options)
    {
        _options = options;
        _owner = FolderLock.TryAcquire(OwnerLock) ?? throw new InvalidOperationException($"{OwnerLock} is taken");
    }

    /// <summary>The silos.</summary>
    public IReadOnlyList<SiloProcess> Silos { get; private set; } = [];

    /// <summary>Where silos find each other, in words.</summary>
    public string Membership => _postgres is null ? "a folder" : "PostgreSQL";

    /// <summary>Where sequences are kept.</summary>
    public string Storage => Path.Combine(_folder, "sequences");

    /// <summary>Logs and storage.</summary>
    public string Folder => _folder;

    private string OwnerLock => Path.Combine(_folder, "owner.lock");

    /// <summary>Starts all silos.</summary>
    public static async Task<SiloCluster> StartAsync(ChaosOptions options, CancellationToken cancellationToken)
    {
        SiloCluster cluster = new(options);
        try
        {
            string executable = SiloExecutable();
            if (!options.FileMembership && PostgresBinaries.WhyNot is null)
            {
                cluster._postgres = await PrivatePostgres.StartAsync().ConfigureAwait(false);
                await cluster._postgres.ExecuteAsync(await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(executable)!, "postgresql.sql"), cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }

            int[] ports = FreePorts(2 * options.Silos);
            cluster.Silos = [.. Enumerable.Range(0, options.Silos).Select(i =>
            {
                string name = $"silo-{i + 1}";
                return new SiloProcess(name, ports[(2 * i) + 1], () => cluster.HowToStart(executable, name, ports[2 * i], ports[(2 * i) + 1]));
            })];
            foreach (SiloProcess silo in cluster.Silos.Take(options.FirstSilos ?? options.Silos))
            {
                silo.Start();
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects to whichever silos run.</summary>
    public async Task<DistAttentionClient> ConnectAsync(CancellationToken cancellationToken)
    {
        DistAttentionClientOptions options = new() { RetryTime = TimeSpan.FromSeconds(20), ConnectTimeout = _startPatience };
        foreach (SiloProcess silo in Silos.Where(static s => s.IsWanted))
        {
            options.Gateways.Add(new IPEndPoint(IPAddress.Loopback, silo.GatewayPort));
        }

        return await DistAttentionClient.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until every silo that is meant to run does, and is known to the others, and none else is.</summary>
    public async Task WaitUntilWholeAsync(DistAttentionClient client, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                IReadOnlyList<SiloReport> reports = await client.GetClusterReportAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
                if (Silos.All(static silo => silo.IsRunning == silo.IsWanted) && reports.Count == Silos.Count(static silo => silo.IsWanted))
                {
                    return;
                }
            }
            catch (Exception e) when (e is DistAttentionException or TimeoutException)
            {
                // It is on its way up.
            }

            if (Stopwatch.GetElapsedTime(began) > _startPatience)
            {
                throw new TimeoutException($"the silos do not find each other; logs are in {_folder}");
            }

            foreach (SiloProcess silo in Silos.Where(static s => s is { IsWanted: true, IsRunning: false }))
            {
                silo.Start();
            }

            await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess silo in Silos)
        {
            await silo.KillAsync().ConfigureAwait(false);
            silo.Dispose();
        }

        await (_postgres?.DisposeAsync() ?? default).ConfigureAwait(false);
        _owner.Dispose();
        if (!_options.Keep)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private ProcessStartInfo HowToStart(string executable, string name, int siloPort, int gatewayPort)
    {
        string[] members = _postgres is { } postgres
            ? ["--mode", "PostgreSql", "--connection-string", postgres.ConnectionString()]
            : ["--mode", "File", "--folder", Path.Combine(_folder, "members")];
        ProcessStartInfo start = new(
            executable,
            [
                .. members,
                .. _options.InMemory ? Array.Empty<string>() : ["--storage", Storage],
                "--name", name,
                "--address", "127.0.0.1",
                "--silo-port", $"{siloPort}",
                "--gateway-port", $"{gatewayPort}",
                "--compute-threads", "1",
                "--memory-budget", $"{1L << 30}",
                "--probe-timeout", "00:00:02",
                "--Cluster:Refresh", "00:00:02",
                "--Attention:Replicas", $"{(_options.InMemory ? 1 : _options.Replicas)}",
                .. _options.Arguments,
                "--Hosting:OwnerLock", OwnerLock,
                "--Hosting:Detached", "true",
                "--log-file", Path.Combine(_folder, name + ".log"),
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        return start;
    }

    /// <summary>The silo as it was built beside this program.</summary>
    internal static string SiloExecutable() => Built("DistAttention.Silo", OperatingSystem.IsWindows() ? "distattn-silo.exe" : "distattn-silo");

    /// <summary>A file of what was built of a project, beside this program or the tests that contain it.</summary>
    internal static string Built(string project, string name)
    {
        DirectoryInfo here = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string built = Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, name); // artifacts/bin/<project>/<configuration>
        return File.Exists(built) ? built : throw new FileNotFoundException($"{built} is not built", built);
    }

    /// <summary>Ports that are free now. Below those that the system hands out, so that none is taken while its silo is down.</summary>
    private static int[] FreePorts(int count)
    {
        List<int> free = [];
        for (int port = 12_000 + (Environment.ProcessId % 400 * 20); free.Count < count; port++)
        {
            try
            {
                using TcpListener listener = new(IPAddress.Loopback, port);
                listener.Start();
                free.Add(port);
            }
            catch (SocketException)
            {
                // taken
            }
        }

        return [.. free];
    }
}
