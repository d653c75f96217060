namespace DistAttention.Simulator.Worlds;

/// <summary>What will happen, in the order of virtual time; what happens at one moment, in the order in which it was decided.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Event, (long Ticks, long Number)> _queue = new();
    private long _decided;

    /// <summary>Virtual time, in ticks since the world began.</summary>
    public long Now { get; private set; }

    /// <summary>Events that have happened.</summary>
    public long Happened { get; private set; }

    /// <summary>Decides that something happens after a while.</summary>
    public Event After(long ticks, Action action)
    {
        Event happening = new(action);
        _queue.Enqueue(happening, (Now + Math.Max(0, ticks), _decided++));
        return happening;
    }

    /// <summary>Lets the next event happen; false if there is none.</summary>
    public bool TryNext()
    {
        while (_queue.TryDequeue(out Event? next, out (long Ticks, long Number) when))
        {
            if (next.Action is { } action)
            {
                Now = when.Ticks;
                Happened++;
                next.Cancel();
                action();
                return true;
            }
        }

        return false;
    }
}

/// <summary>Something that will happen unless it is cancelled.</summary>
internal sealed class Event(Action action)
{
    public Action? Action { get; private set; } = action;

    public void Cancel() => Action = null;
}
