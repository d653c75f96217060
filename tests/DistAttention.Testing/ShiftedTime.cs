namespace DistAttention.Testing;

/// <summary>The machine's clock, moved ahead by a test; timers run as they do. What a cluster can be run on.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private long _ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    /// <summary>Moves it.</summary>
    /// <param name="by">How far.</param>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
