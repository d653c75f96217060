using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistAttention.Chaos.Silos;

/// <summary>One silo, whose process may be killed, stopped and started again at the same ports.</summary>
internal sealed partial class SiloProcess(string name, int gatewayPort, Func<ProcessStartInfo> start) : IDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private Process? _process;

    public string Name => name;

    public int GatewayPort => gatewayPort;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Whether its process is meant to run: one that does not then has ended by itself.</summary>
    public bool IsWanted { get; private set; }

    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    public void Start()
    {
        _process?.Dispose();
        _process = Process.Start(start()) ?? throw new InvalidOperationException($"{name} did not start");
        _process.StandardInput.Close();
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        IsWanted = true;
    }

    /// <summary>kill −9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        IsWanted = false;
        Send(SigKill);
        await (_process?.WaitForExitAsync() ?? Task.CompletedTask).ConfigureAwait(false);
    }

    /// <summary>Asks it to end, and waits until it has.</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        IsWanted = false;
        Send(SigTerm);
        await (_process?.WaitForExitAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
    }

    public void Stop() => Send(SigStop);

    public void Continue() => Send(SigCont);

    public void Dispose()
    {
        Send(SigKill); // one that is stopped ends as well
        _process?.Dispose();
    }

    private void Send(int signal)
    {
        if (IsRunning)
        {
            _ = Kill(_process!.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
