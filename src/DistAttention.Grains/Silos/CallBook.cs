using System.Collections.Concurrent;

namespace DistAttention.Grains;

/// <summary>The calls that this silo is working on, so that a caller who wonders can ask.</summary>
internal sealed class CallBook
{
    private readonly ConcurrentDictionary<Guid, int> _running = new();

    public int Count => _running.Count;

    public bool Contains(Guid callId) => _running.ContainsKey(callId);

    /// <summary>Enters a call until the result is disposed. The same call may be entered more than once.</summary>
    public Entry Begin(Guid callId)
    {
        _running.AddOrUpdate(callId, 1, static (_, count) => count + 1);
        return new Entry(this, callId);
    }

    private void End(Guid callId)
    {
        while (_running.TryGetValue(callId, out int count))
        {
            if (count == 1 ? _running.TryRemove(new(callId, 1)) : _running.TryUpdate(callId, count - 1, count))
            {
                return;
            }
        }
    }

    public readonly struct Entry(CallBook book, Guid callId) : IDisposable
    {
        public void Dispose() => book.End(callId);
    }
}
