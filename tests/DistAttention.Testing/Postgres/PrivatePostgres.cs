using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace DistAttention.Testing.Postgres;

/// <summary>
/// A PostgreSQL server of its own in a temporary folder, reached through a Unix socket there and, if asked for, at an address of a network, without
/// passwords. It ends with this object or with this process, whichever is first, and leaves nothing behind.
/// </summary>
public sealed partial class PrivatePostgres : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigQuit = 3; // PostgreSQL: end at once, recover at the next start
    private const string User = "postgres";
    private const string Nobody = "65534"; // PostgreSQL refuses to run as root

    // The shell ends the server when its input ends, which it does with this process, however that ends.
    private const string Watch = """ "$@" & server=$!; cat > /dev/null; kill -QUIT $server 2> /dev/null; wait $server """;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly string? _address;
    private readonly string[] _inside;
    private Process? _watch;

    private PrivatePostgres(string folder, string? address, string[] inside)
    {
        _folder = folder;
        _address = address;
        _inside = inside;
    }

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Makes and starts a server. <see cref="PostgresBinaries.WhyNot"/> says whether it can be.</summary>
    /// <param name="address">The IPv4 address to listen at too, for everybody in its network of 256; null for none.</param>
    /// <param name="inside">A command that runs the server's own behind it, such as <c>ip netns exec NAME</c>.</param>
    public static async Task<PrivatePostgres> StartAsync(string? address = null, params string[] inside)
    {
        ArgumentNullException.ThrowIfNull(inside);
        PrivatePostgres server = new(Directory.CreateTempSubdirectory("distattn-pg-").FullName, address, inside);
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                await RunAsync("chown", $"{Nobody}:{Nobody}", server._folder).ConfigureAwait(false);
            }

            await RunAsync([.. Unprivileged("initdb"), "-D", server.Data, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]).ConfigureAwait(false);
            if (address is not null)
            {
                await File.AppendAllTextAsync(Path.Combine(server.Data, "pg_hba.conf"), $"host all all {address}/24 trust\n").ConfigureAwait(false);
            }

            await server.ResumeAsync().ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>How Npgsql reaches one of its databases.</summary>
    /// <param name="database">The database.</param>
    public string ConnectionString(string database = "postgres") => $"Host={_folder};Username={User};Database={database}";

    /// <summary>How Npgsql reaches one of its databases over the network.</summary>
    /// <param name="database">The database.</param>
    public string NetworkConnectionString(string database = "postgres") =>
        $"Host={_address ?? throw new InvalidOperationException("it listens at no address")};Username={User};Database={database}";

    /// <summary>Makes an empty database.</summary>
    /// <returns>How Npgsql reaches it.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = "t" + Guid.NewGuid().ToString("N");
        await ExecuteAsync($"CREATE DATABASE {name}").ConfigureAwait(false);
        return ConnectionString(name);
    }

    /// <summary>Runs SQL as the server's owner.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="database">Where.</param>
    public Task ExecuteAsync(string sql, string database = "postgres") =>
        RunAsync(Program("psql"), "-h", _folder, "-U", User, "-d", database, "-q", "-X", "-v", "ON_ERROR_STOP=1", "-c", sql);

    /// <summary>Ends the server as kill −9 does: nothing is written any more.</summary>
    public Task KillAsync() => EndAsync(SigKill);

    /// <summary>Starts it again, on what it left.</summary>
    public async Task ResumeAsync()
    {
        ProcessStartInfo start = new("/bin/sh") { RedirectStandardInput = true, UseShellExecute = false };
        string[] settings =
        [
            $"listen_addresses={_address}", $"unix_socket_directories={_folder}", "fsync=off", "shared_buffers=32MB", "max_connections=200", "logging_collector=off",
            "log_min_messages=panic", "log_destination=stderr", "autovacuum=off",
        ];
        foreach (string argument in (string[])["-c", Watch, "sh", .. _inside, .. Unprivileged("postgres"), "-D", Data, .. settings.SelectMany(static s => (string[])["-c", s])])
        {
            start.ArgumentList.Add(argument);
        }

        _watch = Process.Start(start)!;
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await ExecuteAsync("SELECT 1").ConfigureAwait(false);
                return;
            }
            catch (InvalidOperationException) when (Stopwatch.GetElapsedTime(started) < _patience && !_watch.HasExited)
            {
                await Task.Delay(50).ConfigureAwait(false); // another process tells nobody: it has to be asked
            }
        }
    }

    /// <summary>Ends the server and deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(SigQuit).ConfigureAwait(false);
        Directory.Delete(_folder, recursive: true);
    }

    private static string Program(string name) => Path.Combine(PostgresBinaries.Folder ?? throw new InvalidOperationException(PostgresBinaries.WhyNot), name);

    private static string[] Unprivileged(string program) =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups", Program(program)] : [Program(program)];

    private static async Task RunAsync(params string[] command)
    {
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = "/" };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync().ConfigureAwait(false);
        await output.ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path.GetFileName(command[0])} ended with {process.ExitCode}: {error.Trim()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private async Task EndAsync(int signal)
    {
        if (_watch is not { } watch)
        {
            return;
        }

        _watch = null;
        string pidFile = Path.Combine(Data, "postmaster.pid");
        if (File.Exists(pidFile) && int.TryParse(File.ReadLines(pidFile).FirstOrDefault(), CultureInfo.InvariantCulture, out int server))
        {
            _ = Kill(server, signal);
        }

        watch.StandardInput.Close();
        using (watch)
        {
            await watch.WaitForExitAsync().ConfigureAwait(false);
        }
    }
}
