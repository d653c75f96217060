using System.Net;
using System.Net.Sockets;
using DistAttention.Engine.Shards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Finds silos whose process has ended, within a fraction of a second. Each silo asks the two before it in the order of addresses for a
/// sign of life; where one does not answer, it looks at its port: a port on which nobody listens any more belongs to no living silo,
/// so the silo is declared dead at once. One that is only slow, stopped or cut off still listens, or does not refuse; it is left to the
/// failure detector of the cluster.
/// </summary>
/// <remarks>
/// Should a silo be declared dead that lives, nothing is lost or wrong: it ends itself, and its ledgers and writes are fenced like those of any
/// silo that was taken over. A port says something only if it was seen open before.
/// </remarks>
internal sealed partial class PeerWatch : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    /// <summary>Silos that watch each silo: one of them may be the next to end.</summary>
    private const int Watchers = 2;

    /// <summary>Refusals in a row that count: a listener may have been restarted in between.</summary>
    private const int Refusals = 2;

    private static readonly TimeSpan _answerPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _connectPatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _betweenRefusals = TimeSpan.FromMilliseconds(20);

    private readonly ClusterSilos _silos;
    private readonly IClusterMembershipService _members;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger<PeerWatch> _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly HashSet<OwnerId> _wereOpen = [];
    private readonly HashSet<OwnerId> _looking = [];
    private Task _watching = Task.CompletedTask;

    public PeerWatch(ClusterSilos silos, IClusterMembershipService members, IOptions<DistAttentionOptions> options, TimeProvider time, ILogger<PeerWatch> log)
    {
        _silos = silos;
        _members = members;
        _interval = options.Value.WatchInterval;
        _time = time;
        _log = log;
    }

    public void Participate(ISiloLifecycle lifecycle)
    {
        if (_interval > TimeSpan.Zero)
        {
            lifecycle.Subscribe(nameof(PeerWatch), ServiceLifecycleStage.Active + 1, Start, StopAsync);
        }
    }

    /// <summary>Looks at a silo at once, because a call to it was not answered.</summary>
    public void Suspect(OwnerId silo) => _ = LookAsync(silo);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
    }

    private Task Start(CancellationToken cancellationToken)
    {
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync().ConfigureAwait(false);

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                await Task.WhenAll(Watched().Select(AskAsync)).ConfigureAwait(false);
                await Task.Delay(_interval, _time, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The silo ends.
        }
    }

    /// <summary>The silos before this one, in a ring.</summary>
    private IEnumerable<OwnerId> Watched()
    {
        IReadOnlyList<OwnerId> live = _silos.Live();
        int self = live.TakeWhile(s => s != _silos.Self).Count();
        return Enumerable.Range(1, Watchers).Select(i => live[((self - i) % live.Count + live.Count) % live.Count]).Where(s => s != _silos.Self).Distinct();
    }

    private async Task AskAsync(OwnerId silo)
    {
        if (!WasOpen(silo))
        {
            await LookAsync(silo).ConfigureAwait(false);
            return;
        }

        try
        {
            await _silos.Host(silo).AskAsync(Guid.Empty).WaitAsync(_answerPatience, _time, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            await LookAsync(silo).ConfigureAwait(false);
        }
    }

    private async Task LookAsync(OwnerId silo)
    {
        lock (_lock)
        {
            if (silo == _silos.Self || !_looking.Add(silo))
            {
                return;
            }
        }

        try
        {
            for (int refused = 0; await IsRefusedAsync(silo).ConfigureAwait(false) && WasOpen(silo); await Task.Delay(_betweenRefusals, _time, _stop.Token).ConfigureAwait(false))
            {
                if (++refused == Refusals)
                {
                    await DeclareDeadAsync(silo).ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The silo ends.
        }
        finally
        {
            lock (_lock)
            {
                _looking.Remove(silo);
            }
        }
    }

    private async Task<bool> IsRefusedAsync(OwnerId silo)
    {
        IPEndPoint port = ClusterSilos.AddressOf(silo).Endpoint;
        using Socket socket = new(port.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        late.CancelAfter(_connectPatience);
        try
        {
            await socket.ConnectAsync(port, late.Token).ConfigureAwait(false);
            lock (_lock)
            {
                _wereOpen.Add(silo);
            }

            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task DeclareDeadAsync(OwnerId silo)
    {
        if (!_silos.Live().Contains(silo))
        {
            return; // it left in order, or another watcher was faster
        }

        LogPortClosed(_log, silo.Value);
        try
        {
            await _members.TryKill(ClusterSilos.AddressOf(silo)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNotDeclared(_log, silo.Value, e);
        }
    }

    private bool WasOpen(OwnerId silo)
    {
        lock (_lock)
        {
            return _wereOpen.Contains(silo);
        }
    }
}
