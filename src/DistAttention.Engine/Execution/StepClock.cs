namespace DistAttention.Engine.Execution;

/// <summary>Times the steps of a tile, one after the other.</summary>
/// <param name="time">The clock.</param>
public struct StepClock(TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>Ends a step.</summary>
    /// <param name="bytes">What it moved.</param>
    public StepActual Step(long bytes)
    {
        long now = time.GetTimestamp();
        StepActual step = new(time.GetElapsedTime(_last, now), bytes);
        _last = now;
        return step;
    }
}
