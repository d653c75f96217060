using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Postgres;

/// <summary>
/// Group commit: appends that wait at the same time share a transaction. A few transactions run side by side; an append
/// that finds one free starts at once, and those that come meanwhile go together with the next.
/// </summary>
/// <param name="store">Stores a group; returns the shards that are still held.</param>
internal sealed class AppendQueue(Func<IReadOnlyList<RecordWrite>, ValueTask<IReadOnlySet<long>>> store)
{
    private const int Lanes = 4;
    private const long GroupBytes = 16 << 20; // an append larger than this goes alone

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting> _waiting = new();
    private int _running;

    /// <summary>Appends rows; completes when they are durable. The rows' memory is in use until then.</summary>
    /// <exception cref="StaleWriteException">No sequence holds the shard any more.</exception>
    public async ValueTask AppendAsync(RecordWrite write, CancellationToken cancellationToken)
    {
        Waiting waiting = new(write);
        bool start;
        lock (_lock)
        {
            _waiting.AddLast(waiting.Node);
            start = _running < Lanes;
            _running += start ? 1 : 0;
        }

        if (start)
        {
            _ = Task.Run(RunAsync, CancellationToken.None);
        }

        using (cancellationToken.UnsafeRegister(static (state, token) => ((Action<CancellationToken>)state!)(token), (Action<CancellationToken>)(token => Cancel(waiting, token))))
        {
            if (!await waiting.Stored.Task.ConfigureAwait(false))
            {
                throw new StaleWriteException(write.Write.Shard);
            }
        }
    }

    /// <summary>Stores group after group until nobody waits.</summary>
    private async Task RunAsync()
    {
        while (TakeGroup() is { } group)
        {
            try
            {
                IReadOnlySet<long> held = await store([.. group.Select(static w => w.Write)]).ConfigureAwait(false);
                group.ForEach(w => w.Stored.SetResult(held.Contains(w.Write.Shard.Id)));
            }
            catch (Exception e)
            {
                group.ForEach(w => w.Stored.SetException(e));
            }
        }
    }

    private List<Waiting>? TakeGroup()
    {
        lock (_lock)
        {
            List<Waiting> group = [];
            long bytes = 0;
            while (_waiting.First is { } first && (group.Count == 0 || bytes + first.Value.Write.Bytes <= GroupBytes))
            {
                _waiting.Remove(first);
                group.Add(first.Value);
                bytes += first.Value.Write.Bytes;
            }

            if (group.Count > 0)
            {
                return group;
            }

            _running--;
            return null;
        }
    }

    /// <summary>Only what still waits can be cancelled: the rows of what is on its way are being read.</summary>
    private void Cancel(Waiting waiting, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (waiting.Node.List is null)
            {
                return;
            }

            _waiting.Remove(waiting.Node);
        }

        waiting.Stored.TrySetCanceled(cancellationToken);
    }

    private sealed class Waiting
    {
        public Waiting(RecordWrite write)
        {
            Write = write;
            Node = new LinkedListNode<Waiting>(this);
        }

        public RecordWrite Write { get; }

        public LinkedListNode<Waiting> Node { get; }

        public TaskCompletionSource<bool> Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
