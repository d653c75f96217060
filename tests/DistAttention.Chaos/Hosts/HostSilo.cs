using System.Diagnostics;

namespace DistAttention.Chaos.Hosts;

/// <summary>
/// A silo on a host, under a supervisor: one that ends by itself, as it does when the others have given it up or when it cannot join, is
/// started again after a pause, as a service manager would.
/// </summary>
internal sealed class HostSilo(string name, Func<ProcessStartInfo> start) : IAsyncDisposable
{
    /// <summary>Before it is started again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private Task _supervised = Task.CompletedTask;

    public string Name => name;

    /// <summary>Times that it ended by itself.</summary>
    public int Restarts { get; private set; }

    public void Start() => _supervised = SuperviseAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _supervised.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task SuperviseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using Process process = Process.Start(start()) ?? throw new InvalidOperationException($"{name} did not start");
            process.StandardInput.Close();
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            try
            {
                await process.WaitForExitAsync(_stop.Token).ConfigureAwait(false);
                Restarts++;
                await Task.Delay(Pause, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
