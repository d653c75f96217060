using System.Diagnostics;
using System.Globalization;
using System.Text;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>
/// A silo that this process has started. It may outlive this process: it writes its own log, and leaves Ctrl-C and the terminal to us.
/// </summary>
internal sealed class SiloProcess : IDisposable
{
    /// <summary>Unlike arguments, these give way to what the user has set. Silos of one machine answer fast or are gone.</summary>
    private static readonly (string Name, string Value)[] _defaults =
    [
        ("DISTATTN_Cluster__ProbeTimeout", "00:00:02"), // shorter than a network needs, longer than a busy machine takes
        ("DISTATTN_Cluster__Refresh", "00:00:05"),
    ];

    private static readonly string[] _ofOthers = ["DISTATTN_Tls__", "DISTATTN_Access__", "DISTATTN_CONFIG"];

    private readonly Process _process;
    private readonly StringBuilder _stderr = new();
    private readonly string _log;

    private SiloProcess(Process process, SiloRecord record, string log)
    {
        _process = process;
        _log = log;
        Record = record;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_stderr)
            {
                _stderr.AppendLine(line.Data);
            }
        };
        process.OutputDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public SiloRecord Record { get; }

    /// <param name="executable"><c>distattn-silo</c>.</param>
    /// <param name="folder">Of the cluster.</param>
    /// <param name="number">Counted from 1.</param>
    /// <param name="ports">Its ports.</param>
    /// <param name="settings">How every silo of the cluster is to be.</param>
    public static SiloProcess Start(string executable, StateFolder folder, int number, (int Silo, int Gateway) ports, SiloSettings settings)
    {
        string silo = SiloRecord.NameOf(number);
        string log = folder.LogOf(silo);
        List<string> arguments =
        [
            "--mode", "File",
            "--folder", folder.Path,
            "--name", silo,
            "--address", "127.0.0.1",
            "--silo-port", Text(ports.Silo),
            "--gateway-port", Text(ports.Gateway),
            "--compute-threads", Text(settings.ThreadsPerSilo),
            "--memory-budget", Text(settings.MemoryPerSilo),
            "--log-file", log,
            "--Hosting:Detached", "true",
        ];
        if (settings.Storage is { } storage)
        {
            arguments.AddRange(["--storage", storage]);
        }

        if (settings.OwnerLock is { } ownerLock)
        {
            arguments.AddRange(["--Hosting:OwnerLock", ownerLock]);
        }

        // Streams of its own, not ours: whoever waits for our output must not wait for the silo's.
        ProcessStartInfo start = new(executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        // What the environment says of another cluster's security is not for this one, which only this machine reaches.
        foreach (string name in start.Environment.Keys.Where(static n => _ofOthers.Any(o => n.StartsWith(o, StringComparison.OrdinalIgnoreCase))).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in _defaults)
        {
            start.Environment.TryAdd(name, value);
        }

        Process process = Process.Start(start) ?? throw new CliException($"'{executable}' did not start");
        process.StandardInput.Close();
        return new SiloProcess(process, new SiloRecord(number, process.Id, process.StartTime.ToUniversalTime(), ports.Silo, ports.Gateway), log);
    }

    /// <summary>Says why, if it has ended.</summary>
    /// <exception cref="CliException">It has.</exception>
    public void ThrowIfEnded()
    {
        if (!_process.HasExited)
        {
            return;
        }

        _process.WaitForExit(); // for the rest of its stderr
        string said;
        lock (_stderr)
        {
            said = _stderr.ToString().Trim();
        }

        throw new CliException($"{Record.Name} ended with code {_process.ExitCode}: {(said.Length > 0 ? said : LastLogLine())}");
    }

    /// <summary>kill −9, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose() => _process.Dispose();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string LastLogLine() =>
        File.Exists(_log) && File.ReadLines(_log).LastOrDefault() is { } line ? line : "it said nothing";
}
