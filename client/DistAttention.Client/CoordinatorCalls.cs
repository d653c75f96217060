using System.Diagnostics;
using DistAttention.Calls;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>
/// Sends calls to coordinators, spread over all of them, each attempt under a timer of its own: a coordinator that is lost or
/// silent costs one attempt, not the call. Calls that could not be answered in time, as answers have come of late, are not sent: a cluster that has
/// more to do than it can is not also kept busy with refusing.
/// </summary>
internal sealed class CoordinatorCalls
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);

    private readonly IGrainFactory _grains;
    private readonly AttemptTimes _times;
    private readonly int _coordinators;
    private readonly WorkRate _rate = new();
    private readonly TimeSpan _hedgeTime;
    private readonly Guid _client = Guid.NewGuid();
    private readonly CallGate _gate; // of what is sent
    private readonly int _maxCalls;
    private int _calls; // those that wait to be sent again included
    private uint _next;

    public CoordinatorCalls(IGrainFactory grains, DistAttentionClientOptions options)
    {
        _grains = grains;
        _coordinators = options.Coordinators;
        _hedgeTime = options.HedgeTime;
        _maxCalls = options.MaxCalls;
        _gate = new CallGate(new AdmissionLimits { MaxCalls = options.MaxCalls, MaxCallBytes = long.MaxValue }, threads: 1, busyTime: null, options.TimeProvider);
        _times = new AttemptTimes(options.MinAttemptTime, options.ProbeTimeout, options.StallTime, options.TimeProvider);
        _next = (uint)Random.Shared.Next();
    }

    public AttemptTimes Times => _times;

    private long KeyOf(uint first, int attempt) => (first + (uint)attempt) % (uint)_coordinators;

    private IAttentionCoordinatorGrain CoordinatorOf(uint first, int attempt) => _grains.GetGrain<IAttentionCoordinatorGrain>(KeyOf(first, attempt));

    private static bool IsPassing(DistAttentionException error) => error is SiloUnreachableException or CorruptPayloadException or OverloadedException;

    /// <summary>Asks for nothing, so that a client whom the cluster refuses hears of it at once. Whoever is only out of reach may come back.</summary>
    /// <exception cref="AccessDeniedException">The cluster refuses this client.</exception>
    public async Task GreetAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _grains.GetGrain<IAttentionCoordinatorGrain>(0).AskAsync(Guid.Empty).WaitAsync(_times.Probe, _times.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Calls are repeated; this was none.
        }
    }

    /// <summary>Makes a call that may be repeated, until it is answered.</summary>
    /// <param name="call">Makes the call under the id given; may be called more than once.</param>
    /// <param name="work">The call's work, as far as it is known; 0 if it is not.</param>
    /// <param name="patience">How long to go on trying: until the call's deadline, where it has one.</param>
    /// <param name="retried">Told of every attempt after the first.</param>
    /// <param name="cancellationToken">Ends trying.</param>
    public async Task<T> RunAsync<T>(
        Func<IAttentionCoordinatorGrain, Guid, CancellationToken, Task<T>> call,
        double work,
        TimeSpan patience,
        Action retried,
        CancellationToken cancellationToken)
    {
        Sign();
        TimeSpan pause = _firstPause;
        long began = _times.Time.GetTimestamp();
        while (true)
        {
            uint first = Interlocked.Increment(ref _next);
            AttemptTimes times = _times.For(_rate.Predict(work));
            HedgedCall<T> hedged = new(
                (n, callId, token) => Attempt.RunAsync($"behind coordinator {KeyOf(first, n)}", CoordinatorOf(first, n), callId, attempt => call(CoordinatorOf(first, n), callId, attempt), times, token),
                (n, callId) => CoordinatorOf(first, n).AskAsync(callId),
                times.First > _times.First || times.First < _hedgeTime ? times.First : _hedgeTime,
                _times.Time);
            long started = _times.Time.GetTimestamp();
            try
            {
                T answer = await hedged.RunAsync(cancellationToken).ConfigureAwait(false);
                _rate.Measured(work, _times.Time.GetElapsedTime(started));
                return answer;
            }
            catch (DistAttentionException e) when (IsPassing(e) && PauseBefore(e, pause) is var wait && MayWait(e, wait, patience - _times.Time.GetElapsedTime(began)))
            {
                await Task.Delay(wait, _times.Time, cancellationToken).ConfigureAwait(false);
                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
                retried();
            }
        }
    }

    /// <summary>Makes a call, all of its messages, as soon as it should be answered well before its deadline.</summary>
    /// <param name="work">The call's work, as far as it is known; 0 if it is not.</param>
    /// <param name="isShort">Whether it does not wait for long ones.</param>
    /// <param name="patience">Time until its deadline.</param>
    /// <param name="call">Makes it, within the time that is left.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="OverloadedException">It cannot be let in before its deadline, or too many wait already.</exception>
    public async Task<T> LetInAsync<T>(double work, bool isShort, TimeSpan patience, Func<TimeSpan, Task<T>> call, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _calls) > _maxCalls)
        {
            Interlocked.Decrement(ref _calls);
            throw new OverloadedException("The client's queue of calls", _longestPause);
        }

        CallCost cost = default;
        TimeSpan left = patience;
        bool isIn = false;
        bool isDone = false;
        try
        {
            long began = _times.Time.GetTimestamp();
            for (TimeSpan pause = _firstPause; ; pause = pause * 2 < _longestPause ? pause * 2 : _longestPause)
            {
                cost = new CallCost(CallerId.Anyone, 0, work, isShort, left);
                if (_gate.TryEnter(cost) is not { } refusal)
                {
                    isIn = true;
                    break;
                }

                TimeSpan wait = PauseBefore(refusal, pause);
                if (wait >= left)
                {
                    throw refusal;
                }

                await Task.Delay(wait, _times.Time, cancellationToken).ConfigureAwait(false);
                left = patience - _times.Time.GetElapsedTime(began);
            }

            T answer = await call(left).ConfigureAwait(false);
            isDone = true;
            return answer;
        }
        finally
        {
            if (isIn)
            {
                _gate.Leave(cost, isDone);
            }

            Interlocked.Decrement(ref _calls);
        }
    }

    /// <summary>Makes a call again while it is refused as overloaded.</summary>
    /// <param name="call">Makes the call; may be called more than once.</param>
    /// <param name="patience">How long to go on trying.</param>
    /// <param name="cancellationToken">Ends trying.</param>
    public async Task<T> UntilLetInAsync<T>(Func<Task<T>> call, TimeSpan patience, CancellationToken cancellationToken)
    {
        long began = _times.Time.GetTimestamp();
        while (true)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (OverloadedException e) when (PauseBefore(e, _firstPause) is var wait && _times.Time.GetElapsedTime(began) + wait < patience)
            {
                await Task.Delay(wait, _times.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Says which client makes the calls that the running method makes from here on.</summary>
    public void Sign()
    {
        RequestContext.Set(CallHeaders.Client, _client);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } span })
        {
            RequestContext.Set(CallHeaders.Trace, span);
        }
    }

    /// <summary>Whether there is time to wait. Where something is only out of reach, the deadline itself ends the waiting.</summary>
    private static bool MayWait(DistAttentionException error, TimeSpan wait, TimeSpan left) => error is OverloadedException ? wait < left : left > TimeSpan.Zero;

    /// <summary>How long to wait after an error: as long as the cluster asks for, and by chance up to half as long again, so that those who were refused together do not come back together.</summary>
    private static TimeSpan PauseBefore(DistAttentionException error, TimeSpan pause) =>
        error is OverloadedException overloaded && overloaded.RetryAfter > pause ? overloaded.RetryAfter * (1 + (Random.Shared.NextDouble() / 2)) : pause;
}
