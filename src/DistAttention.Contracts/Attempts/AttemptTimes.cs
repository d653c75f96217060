namespace DistAttention.Contracts;

/// <summary>How long an unanswered call is left alone.</summary>
/// <param name="First">Time until the first question about it.</param>
/// <param name="Probe">How long a question may stay unanswered.</param>
/// <param name="Time">The clock.</param>
public sealed record AttemptTimes(TimeSpan First, TimeSpan Probe, TimeProvider Time);
