using System.Collections.Concurrent;
using System.Diagnostics;

namespace DistAttention.Testing;

/// <summary>Begins a trace, and keeps the project's spans of it: those of other tests that run meanwhile are of other traces.</summary>
public sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;

    /// <summary>Begins.</summary>
    public SpanRecorder()
    {
        Outer = new Activity("test").Start();
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "DistAttention",
            Sample = (ref ActivityCreationOptions<ActivityContext> o) => o.Parent.TraceId == Outer.TraceId ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>What all spans of the trace are under.</summary>
    public Activity Outer { get; }

    /// <summary>The spans that have ended, in that order.</summary>
    public IReadOnlyCollection<Activity> Spans => _spans;

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        Outer.Dispose();
    }
}
