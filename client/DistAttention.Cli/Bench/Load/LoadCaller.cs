using System.Collections.Concurrent;
using System.Diagnostics;

namespace DistAttention.Cli.Bench.Load;

/// <summary>
/// A caller that makes calls: at a rate, whether or not earlier ones were answered (an open loop, as a crowd does), or as fast as so many
/// at a time are answered.
/// </summary>
internal sealed class LoadCaller
{
    private readonly IAttentionSequence _sequence;
    private readonly float[] _q;
    private readonly AttendOptions _options;
    private readonly ConcurrentBag<(float[] Output, float[] Lse)> _answers = [];
    private int _offered;
    private int _answered;
    private int _refused;
    private int _missed;
    private int _waiting;
    private int _mostWaiting;

    /// <param name="sequence">What is attended to.</param>
    /// <param name="q">Queries of one call.</param>
    /// <param name="options">How, and within what time.</param>
    public LoadCaller(IAttentionSequence sequence, float[] q, AttendOptions options)
    {
        _sequence = sequence;
        _q = q;
        _options = options;
    }

    /// <summary>Makes calls, so many at a time.</summary>
    public async Task<LoadOutcome> ClosedAsync(int atATime, TimeSpan time, CancellationToken cancellationToken)
    {
        long start = Begin();
        await Task.WhenAll(Enumerable.Range(0, atATime).Select(_ => Task.Run(
            async () =>
            {
                while (Stopwatch.GetElapsedTime(start) < time)
                {
                    await CallAsync(cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken))).ConfigureAwait(false);
        return Outcome(Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Makes calls at a rate, evenly.</summary>
    public async Task<LoadOutcome> OpenAsync(double perSecond, TimeSpan time, CancellationToken cancellationToken)
    {
        long start = Begin();
        TimeSpan elapsed;
        List<Task> running = [];
        while ((elapsed = Stopwatch.GetElapsedTime(start)) < time)
        {
            for (int due = (int)(elapsed.TotalSeconds * perSecond); _offered < due;)
            {
                running.Add(CallAsync(cancellationToken));
            }

            running.RemoveAll(static t => t.IsCompletedSuccessfully);
            await Task.Delay(1, cancellationToken).ConfigureAwait(false); // calls fall due by the clock: nobody else tells when
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        return Outcome(time);
    }

    private long Begin()
    {
        (_offered, _answered, _refused, _missed, _mostWaiting) = (0, 0, 0, 0, 0);
        return Stopwatch.GetTimestamp();
    }

    private LoadOutcome Outcome(TimeSpan time) => new(_offered, _answered, _refused, _missed, time, _mostWaiting);

    private async Task CallAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _offered);
        int waiting = Interlocked.Increment(ref _waiting);
        _mostWaiting = Math.Max(_mostWaiting, waiting);
        (float[] Output, float[] Lse) answer = _answers.TryTake(out (float[], float[]) used) ? used : NewAnswer();
        try
        {
            await _sequence.AttendAsync(_q, answer.Output, answer.Lse, _options, cancellationToken).ConfigureAwait(false);
            Interlocked.Increment(ref _answered);
        }
        catch (OverloadedException)
        {
            Interlocked.Increment(ref _refused);
        }
        catch (AttentionTimeoutException)
        {
            Interlocked.Increment(ref _missed);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            _answers.Add(answer);
        }
    }

    private (float[] Output, float[] Lse) NewAnswer()
    {
        SequenceSpec spec = _sequence.Spec;
        int rows = _q.Length / (spec.NumHeadsQ * spec.HeadDim);
        return (new float[rows * spec.NumHeadsQ * spec.HeadDimV], new float[rows * spec.NumHeadsQ]);
    }
}
