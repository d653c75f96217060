using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistAttention.Cli.Shell;

/// <summary>
/// Turns the first Ctrl-C, request to terminate or closed terminal into a cancellation, so that work stops cleanly and leaves no half-written
/// file. A later one is left to the system, which ends the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const string ShowCursor = "\e[?25h";

    // A closing terminal is reported by the kernel and by the shell: that is one signal, not a second, impatient one.
    private static readonly TimeSpan _sameSignal = TimeSpan.FromMilliseconds(300);

    // What cannot be cancelled, such as opening a pipe that nobody writes to, does not keep the process alive for longer.
    private static readonly TimeSpan _mostPatience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private long? _stoppedAt;

    public StopSignals()
    {
        Register(PosixSignal.SIGINT, ExitCode.Interrupted);
        Register(PosixSignal.SIGTERM, ExitCode.Terminated);
        Register(PosixSignal.SIGHUP, ExitCode.HungUp);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>What to return after the first signal.</summary>
    public int StoppedExitCode { get; private set; } = ExitCode.Interrupted;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void Register(PosixSignal signal, int exitCode) =>
        _registrations.Add(PosixSignalRegistration.Create(signal, context => context.Cancel = Receive(exitCode)));

    /// <summary>Whether the process lives on.</summary>
    private bool Receive(int exitCode)
    {
        lock (_lock)
        {
            if (_stoppedAt is { } stoppedAt)
            {
                return Stopwatch.GetElapsedTime(stoppedAt) < _sameSignal || EndNow();
            }

            _stoppedAt = Stopwatch.GetTimestamp();
            StoppedExitCode = exitCode;
        }

        _ = Task.Run(StopAsync); // never run the work's callbacks on the signal thread
        return true;
    }

    private async Task StopAsync()
    {
        _stop.Cancel();
        await Task.Delay(_mostPatience).ConfigureAwait(false);
        Console.Error.WriteLine("distattn: stopped by force");
        Environment.Exit(StoppedExitCode);
    }

    private static bool EndNow()
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write(ShowCursor); // a progress bar may have hidden it
        }

        return false;
    }
}
