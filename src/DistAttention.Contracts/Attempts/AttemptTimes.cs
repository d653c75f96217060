namespace DistAttention.Contracts;

/// <summary>How long an unanswered call is left alone.</summary>
/// <param name="First">Time until the first question about it.</param>
/// <param name="Probe">How long a question may stay unanswered.</param>
/// <param name="Stall">How long a call may be known and nothing get on.</param>
/// <param name="Time">The clock.</param>
public sealed record AttemptTimes(TimeSpan First, TimeSpan Probe, TimeSpan Stall, TimeProvider Time)
{
    /// <summary>A predicted time is only an average: three times as long is still nothing unusual.</summary>
    public const int Patience = 3;

    /// <summary>Told of every answer that shows progress, so that whoever waits for this caller sees it get on too.</summary>
    public Action? OnProgress { get; init; }

    /// <summary>The times of a call that should take so long.</summary>
    /// <param name="predicted">From its work and the rate measured; zero if nothing is known.</param>
    public AttemptTimes For(TimeSpan predicted) => predicted * Patience > First ? this with { First = predicted * Patience } : this;
}
