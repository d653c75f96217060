namespace DistAttention.Engine.Memory;

/// <summary>Counts the bytes of resident K/V against a limit. Safe to use from many threads.</summary>
public sealed class ByteBudget
{
    private long _used;

    /// <summary>Makes a budget.</summary>
    /// <param name="limitBytes">The limit; <see cref="long.MaxValue"/> for none.</param>
    public ByteBudget(long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        LimitBytes = limitBytes;
    }

    /// <summary>The limit, in bytes.</summary>
    public long LimitBytes { get; }

    /// <summary>Bytes taken now.</summary>
    public long UsedBytes => Volatile.Read(ref _used);

    /// <summary>Where what it pays for comes from.</summary>
    internal BlockMemory Memory { get; } = new();

    /// <summary>Takes bytes, all or none.</summary>
    /// <param name="bytes">How many.</param>
    /// <exception cref="CapacityExceededException">They do not fit.</exception>
    public void Take(long bytes)
    {
        long used = Volatile.Read(ref _used);
        while (true)
        {
            if (bytes > LimitBytes - used)
            {
                throw new CapacityExceededException(LimitBytes, used, bytes);
            }

            long seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (seen == used)
            {
                return;
            }

            used = seen;
        }
    }

    /// <summary>Gives bytes back.</summary>
    /// <param name="bytes">How many, taken before.</param>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
