using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>A silo that was started on this machine, as its pid file keeps it.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="Started">When that started: a process id alone may come to name another process.</param>
/// <param name="SiloPort">Port for other silos.</param>
/// <param name="GatewayPort">Port for clients.</param>
internal sealed record SiloRecord(int Number, int ProcessId, DateTime Started, int SiloPort, int GatewayPort)
{
    // The system's clock of process starts is coarse, and read in another process.
    private static readonly TimeSpan _sameStart = TimeSpan.FromSeconds(2);

    public string Name => NameOf(Number);

    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"silo-{number}");

    public static SiloRecord? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<SiloRecord>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            return null; // being written, or removed, by another distattn
        }
    }

    public void WriteTo(string path)
    {
        string unfinished = path + ".new";
        File.WriteAllText(unfinished, JsonSerializer.Serialize(this));
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>The process, if it still runs. The caller disposes of it.</summary>
    public Process? FindProcess()
    {
        Process? process = null;
        try
        {
            process = Process.GetProcessById(ProcessId);
            if (!process.HasExited && !IsZombie(ProcessId) && (process.StartTime.ToUniversalTime() - Started).Duration() < _sameStart)
            {
                return process;
            }
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // there is none of that id, or it is not ours, or it ended just now
        }

        process?.Dispose();
        return null;
    }

    // Ended, but nobody has asked how: in a container without an init process that lasts.
    private static bool IsZombie(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            int state = stat.LastIndexOf(')') + 2;
            return state < stat.Length && stat[state] == 'Z';
        }
        catch (IOException)
        {
            return false; // ended since, or a system without /proc
        }
    }
}
