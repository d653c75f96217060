namespace DistAttention.Contracts;

/// <summary>
/// Lets through so many log lines in a stretch of time and counts the others: what strangers cause must not fill a disk. Thread-safe.
/// </summary>
/// <param name="lines">Lines in a stretch.</param>
/// <param name="stretch">How long a stretch is.</param>
/// <param name="time">The clock.</param>
public sealed class LogLimit(int lines, TimeSpan stretch, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _since = time.GetTimestamp();
    private long _seen;

    /// <summary>Asks for a line.</summary>
    /// <param name="leftOut">Lines of the stretch before that were not let through; it is told once.</param>
    /// <returns>Whether it may be written.</returns>
    public bool TryTake(out long leftOut)
    {
        lock (_lock)
        {
            leftOut = 0;
            if (time.GetElapsedTime(_since) >= stretch)
            {
                leftOut = Math.Max(0, _seen - lines);
                (_since, _seen) = (time.GetTimestamp(), 0);
            }

            return ++_seen <= lines;
        }
    }
}
