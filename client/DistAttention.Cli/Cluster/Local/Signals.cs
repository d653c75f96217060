using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>Asks a process to end in an orderly way, which .NET has no call for.</summary>
internal static partial class Signals
{
    private const int Sigterm = 15;

    /// <summary>Sends SIGTERM; where there are no signals, kills.</summary>
    public static void Terminate(Process process)
    {
        if (OperatingSystem.IsWindows())
        {
            process.Kill();
            return;
        }

        _ = Kill(process.Id, Sigterm); // that it is gone already is what we want
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
