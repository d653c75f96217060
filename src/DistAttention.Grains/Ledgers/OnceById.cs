namespace DistAttention.Grains;

/// <summary>
/// Work that is done once however often it is asked for under the same id: whoever asks while it runs waits for the same end, and
/// whoever asks later gets the same outcome. Failures are not kept. The latest outcomes are remembered, older ones forgotten.
/// </summary>
/// <typeparam name="T">The outcome.</typeparam>
internal sealed class OnceById<T>
{
    private const int Capacity = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Task<T>> _byId = [];
    private readonly Queue<Guid> _oldestFirst = new();

    /// <summary>Does the work, or waits for it, or recalls it.</summary>
    /// <param name="id">Names the work.</param>
    /// <param name="work">The work. It is not cancelled: others may wait for it.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public Task<T> RunAsync(Guid id, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_byId.TryGetValue(id, out Task<T>? running) || running.IsFaulted || running.IsCanceled)
            {
                Forget();
                _oldestFirst.Enqueue(id);
                _byId[id] = running = work();
            }

            return running.WaitAsync(cancellationToken);
        }
    }

    private void Forget()
    {
        while (_oldestFirst.Count >= Capacity)
        {
            Guid oldest = _oldestFirst.Dequeue();
            if (_byId.TryGetValue(oldest, out Task<T>? done) && done.IsCompleted)
            {
                _byId.Remove(oldest);
            }
        }
    }
}
