using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace DistAttention.Silo.Tests.PostgreSql;

/// <summary>A PostgreSQL server of one test's own, in a temporary folder, from the programs that the machine has.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private const int Nobody = 65_534;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder;
    private readonly Process _server;

    private PostgreSqlServer(DirectoryInfo folder, Process server, string connectionString)
    {
        _folder = folder;
        _server = server;
        ConnectionString = connectionString;
    }

    /// <summary>Why there can be no server; null if there can.</summary>
    public static string? WhyNot { get; } =
        Programs() is null ? "initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin"
        : Environment.IsPrivilegedProcess && !OnPath("setpriv") ? "PostgreSQL does not run as root, and there is no setpriv"
        : null;

    public string ConnectionString { get; }

    public static async Task<PostgreSqlServer> StartAsync()
    {
        string programs = Programs()!;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("distattn-postgresql-");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", $"{Nobody}:{Nobody}", folder.FullName);
        }

        string data = Path.Combine(folder.FullName, "data");
        await RunAsync(Command(Path.Combine(programs, "initdb"), ["-D", data, "-A", "trust", "-U", "distattention", "-E", "UTF8", "--no-sync"]));
        int port = FreePort();
        Process server = Start(Command(
            Path.Combine(programs, "postgres"),
            ["-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]));
        string connection = $"Host=127.0.0.1;Port={port};Username=distattention;Database=postgres;Timeout=5";
        PostgreSqlServer started = new(folder, server, connection);
        try
        {
            await started.WaitUntilReadyAsync();
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a script.</summary>
    public async Task ExecuteAsync(string script)
    {
        await using NpgsqlConnection connection = new(ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(script, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of a query.</summary>
    public async Task<List<T>> QueryAsync<T>(string query)
    {
        await using NpgsqlConnection connection = new(ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(query, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<T> values = [];
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetFieldValue<T>(0));
        }

        return values;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task WaitUntilReadyAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (!_server.HasExited && Stopwatch.GetElapsedTime(started) < _patience)
            {
                await Task.Delay(50); // another process tells nobody: it has to be asked
            }
        }
    }

    private static string? Programs()
    {
        IEnumerable<string> installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderDescending().Select(static version => Path.Combine(version, "bin"))
            : [];
        return installed.Concat(SearchPath()).FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }

    private static bool OnPath(string program) => SearchPath().Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string[] SearchPath() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>PostgreSQL refuses to run as root; it then runs as nobody.</summary>
    private static string[] Command(string program, string[] arguments) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", program, .. arguments]
        : [program, .. arguments];

    private static Process Start(params string[] command)
    {
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task RunAsync(params string[] command)
    {
        using Process process = Start(command);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} ended with {process.ExitCode}");
    }
}
