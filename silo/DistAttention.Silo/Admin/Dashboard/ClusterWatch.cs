using System.Text.Json;
using System.Threading.Channels;
using DistAttention.Contracts;
using DistAttention.Grains;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>
/// Looks at the cluster once a second while somebody watches, once for all who do, and tells them what it saw. Whoever reads too slowly misses
/// some of it, and holds nobody up.
/// </summary>
internal sealed partial class ClusterWatch(IClusterLoads loads, SequenceList sequences, SiloIdentity self, TimeProvider time, ILogger<ClusterWatch> log) : IAsyncDisposable
{
    /// <summary>Looks that times of calls are taken over.</summary>
    private const int LooksForTimes = 10;

    /// <summary>How many looks at silos there are to one at the sequences.</summary>
    private const int LooksPerList = 3;

    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<Channel<WatchEvent>> _watchers = [];
    private readonly Dictionary<string, Queue<SiloLoad>> _past = [];
    private readonly CancellationTokenSource _stop = new();
    private WatchEvent? _lastList;
    private Task _watching = Task.CompletedTask;

    /// <summary>What is seen from now on, beginning with what is known already; ends with the token.</summary>
    public async IAsyncEnumerable<WatchEvent> WatchAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<WatchEvent> channel = Channel.CreateBounded<WatchEvent>(new BoundedChannelOptions(8) { FullMode = BoundedChannelFullMode.DropOldest });
        Enter(channel);
        try
        {
            await foreach (WatchEvent seen in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return seen;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(channel);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Enter(Channel<WatchEvent> channel)
    {
        lock (_lock)
        {
            _watchers.Add(channel);
            if (_lastList is { } list)
            {
                channel.Writer.TryWrite(list);
            }

            if (_watching.IsCompleted)
            {
                _watching = Task.Run(WatchAsync);
            }
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            using PeriodicTimer timer = new(_period, time);
            int looks = 0;
            do
            {
                await TryAsync(LookAtSilosAsync).ConfigureAwait(false);
                if (looks++ % LooksPerList == 0)
                {
                    await TryAsync(LookAtSequencesAsync).ConfigureAwait(false);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false) && IsWatched());
        }
        catch (OperationCanceledException)
        {
            // The silo ends.
        }
    }

    /// <summary>Whether to go on; once not, nothing is left of what was seen, because rates over a gap would be wrong.</summary>
    private bool IsWatched()
    {
        lock (_lock)
        {
            if (_watchers.Count > 0)
            {
                return true;
            }

            _past.Clear();
            _lastList = null;
            _watching = Task.CompletedTask;
            return false;
        }
    }

    private async Task LookAtSilosAsync()
    {
        IReadOnlyList<SiloLoad> now = await loads.AskAsync().ConfigureAwait(false);
        List<SiloView> views = [];
        foreach (SiloLoad load in now)
        {
            if (!_past.TryGetValue(load.Report.Silo, out Queue<SiloLoad>? past))
            {
                _past[load.Report.Silo] = past = new Queue<SiloLoad>();
            }

            views.Add(SiloView.Of(load, past.LastOrDefault(), past.FirstOrDefault()));
            past.Enqueue(load);
            if (past.Count > LooksForTimes)
            {
                past.Dequeue();
            }
        }

        foreach (string gone in _past.Keys.Except(now.Select(static l => l.Report.Silo)).ToList())
        {
            _past.Remove(gone);
        }

        Tell(new WatchEvent("silos", JsonSerializer.Serialize(new { self.Cluster, Here = self.Silo, Silos = views }, DashboardJson.Options)));
    }

    private async Task LookAtSequencesAsync()
    {
        WatchEvent list = new("sequences", JsonSerializer.Serialize(
            new { Most = SequenceList.Most, Sequences = await sequences.ReadAsync(_stop.Token).ConfigureAwait(false) }, DashboardJson.Options));
        lock (_lock)
        {
            _lastList = list;
        }

        Tell(list);
    }

    private async Task TryAsync(Func<Task> look)
    {
        try
        {
            await look().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            LogNotSeen(log, e);
        }
    }

    private void Tell(WatchEvent seen)
    {
        lock (_lock)
        {
            foreach (Channel<WatchEvent> watcher in _watchers)
            {
                watcher.Writer.TryWrite(seen);
            }
        }
    }
}

/// <summary>Something seen.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Json">What was seen.</param>
internal sealed record WatchEvent(string Kind, string Json);
