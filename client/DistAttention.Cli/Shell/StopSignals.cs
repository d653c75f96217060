using System.Runtime.InteropServices;

namespace DistAttention.Cli.Shell;

/// <summary>
/// Turns the first Ctrl-C, request to terminate or closed terminal into a cancellation, so that work stops cleanly and leaves no half-written
/// file. A second one is left to the system, which ends the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const string ShowCursor = "\e[?25h";

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _exitCode = ExitCode.Interrupted;

    public StopSignals()
    {
        Register(PosixSignal.SIGINT, ExitCode.Interrupted);
        Register(PosixSignal.SIGTERM, ExitCode.Terminated);
        Register(PosixSignal.SIGHUP, ExitCode.HungUp);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>What to return after the first signal.</summary>
    public int StoppedExitCode => _exitCode;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void Register(PosixSignal signal, int exitCode) =>
        _registrations.Add(PosixSignalRegistration.Create(signal, context =>
        {
            if (_stop.IsCancellationRequested)
            {
                if (!Console.IsErrorRedirected)
                {
                    Console.Error.Write(ShowCursor); // a progress bar may have hidden it
                }

                return;
            }

            context.Cancel = true;
            _exitCode = exitCode;
            _ = Task.Run(_stop.Cancel); // never run the work's callbacks on the signal thread
        }));
}
