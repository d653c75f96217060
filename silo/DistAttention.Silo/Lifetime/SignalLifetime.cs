using System.Runtime.InteropServices;
using DistAttention.Silo.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Lifetime;

/// <summary>
/// A request to terminate stops the silo, and so does Ctrl-C, unless it is detached: then signals of the terminal are for whoever
/// started it. A second signal is left to the system, which ends the process.
/// </summary>
internal sealed partial class SignalLifetime(IHostApplicationLifetime lifetime, IOptions<HostingOptions> options, ILogger<SignalLifetime> log)
    : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _stopping;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        Register(PosixSignal.SIGTERM, Stop);
        Register(PosixSignal.SIGINT, options.Value.Detached ? Ignore : Stop);
        Register(PosixSignal.SIGQUIT, options.Value.Detached ? Ignore : Stop);
        Register(PosixSignal.SIGHUP, options.Value.Detached ? Ignore : Stop);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private static void Ignore(PosixSignalContext context) => context.Cancel = true;

    private void Register(PosixSignal signal, Action<PosixSignalContext> handle) =>
        _registrations.Add(PosixSignalRegistration.Create(signal, handle));

    private void Stop(PosixSignalContext context)
    {
        if (Interlocked.Exchange(ref _stopping, 1) == 0)
        {
            context.Cancel = true;
            LogStopping(log, context.Signal);
            lifetime.StopApplication();
        }
    }
}
