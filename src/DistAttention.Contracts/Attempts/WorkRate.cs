namespace DistAttention.Contracts;

/// <summary>
/// How fast calls are answered by one place, waiting included: a running mean of seconds per unit of work, in which old calls
/// fade. Says how long a call should take.
/// </summary>
public sealed class WorkRate
{
    /// <summary>Share of the newest call.</summary>
    private const double Share = 1.0 / 8;

    private readonly Lock _lock = new();
    private double _secondsPerUnit;

    /// <summary>How long some work should take; zero as long as nothing was measured.</summary>
    /// <param name="work">The work, in any unit that is always the same.</param>
    public TimeSpan Predict(double work)
    {
        lock (_lock)
        {
            return TimeSpan.FromSeconds(Math.Min(work * _secondsPerUnit, TimeSpan.FromDays(1).TotalSeconds));
        }
    }

    /// <summary>Takes note of a call that was answered.</summary>
    /// <param name="work">Its work.</param>
    /// <param name="took">Its time.</param>
    public void Measured(double work, TimeSpan took)
    {
        if (work <= 0)
        {
            return;
        }

        double perUnit = took.TotalSeconds / work;
        lock (_lock)
        {
            _secondsPerUnit = _secondsPerUnit == 0 ? perUnit : (_secondsPerUnit * (1 - Share)) + (perUnit * Share);
        }
    }
}
