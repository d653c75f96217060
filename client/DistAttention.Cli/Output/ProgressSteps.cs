using System.Diagnostics;

namespace DistAttention.Cli.Output;

/// <summary>The steps of one long piece of work, each with a total; the work reports, a <see cref="ProgressDisplay"/> shows.</summary>
internal sealed class ProgressSteps
{
    private readonly Lock _lock = new();
    private readonly List<ProgressStep> _steps = [];

    /// <summary>Starts a step.</summary>
    /// <param name="what">What it does: "appending".</param>
    /// <param name="total">How many units it has to do.</param>
    /// <param name="unit">The unit, in the plural: "rows".</param>
    public ProgressStep Start(string what, long total, string unit)
    {
        ProgressStep step = new(what, total, unit);
        lock (_lock)
        {
            _steps.Add(step);
        }

        return step;
    }

    /// <summary>The steps started so far.</summary>
    public IReadOnlyList<ProgressStep> Snapshot()
    {
        lock (_lock)
        {
            return [.. _steps];
        }
    }
}

/// <summary>How far one step has come. Safe to report to from any thread; a report that goes back is ignored.</summary>
internal sealed class ProgressStep(string what, long total, string unit) : IProgress<AttentionProgress>
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _done;
    private long _elapsedTicks;

    public string What { get; } = what;

    public long Total { get; } = total;

    public string Unit { get; } = unit;

    public long Done => Interlocked.Read(ref _done);

    public bool IsFinished => Done >= Total;

    public double Fraction => Total > 0 ? (double)Done / Total : 1;

    /// <summary>Units per second since the step started; 0 before the first report.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Done / Elapsed.TotalSeconds : 0;

    /// <summary>Time left at the rate so far; null before the first report.</summary>
    public TimeSpan? Left => Rate > 0 ? TimeSpan.FromSeconds(Math.Min((Total - Done) / Rate, 1e8)) : null;

    private TimeSpan Elapsed => IsFinished ? new TimeSpan(Interlocked.Read(ref _elapsedTicks)) : Stopwatch.GetElapsedTime(_started);

    /// <summary>Sets how many units are done.</summary>
    public void Report(long done)
    {
        long seen = Done;
        while (done > seen)
        {
            Interlocked.Exchange(ref _elapsedTicks, Stopwatch.GetElapsedTime(_started).Ticks);
            long before = Interlocked.CompareExchange(ref _done, Math.Min(done, Total), seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <inheritdoc/>
    public void Report(AttentionProgress value) => Report(value.Done);

    /// <summary>Reports of a part of the step that starts after <paramref name="done"/> units.</summary>
    public IProgress<AttentionProgress> From(long done) => new Offset(this, done);

    private sealed class Offset(ProgressStep step, long done) : IProgress<AttentionProgress>
    {
        public void Report(AttentionProgress value) => step.Report(done + value.Done);
    }
}
