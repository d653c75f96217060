using System.Diagnostics.CodeAnalysis;
using DistAttention.Calls;

namespace DistAttention.Engine.Compute;

/// <summary>
/// Jobs of several callers, in such an order that whoever has work waiting gets an equal share of the time, however much the others bring:
/// start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996). Each caller has a tag, the virtual time up to which it has been served; the
/// one with the least goes next, and its tag grows by what its work costs. A caller that comes back after a pause starts at the present
/// virtual time: pauses earn nothing, and cost nothing. Among the jobs of one caller, short ones go first, until a long one has waited for
/// <paramref name="patience"/> of them; among equals the first comes first. A pure data structure: not thread-safe, no clock.
/// </summary>
/// <param name="patience">Cost of short turns that a caller's long jobs wait for before one of them has a turn.</param>
/// <typeparam name="T">What waits.</typeparam>
public sealed class FairQueue<T>(double patience = double.PositiveInfinity)
    where T : class
{
    /// <summary>Callers that are remembered while they have no work; more are forgotten as soon as their tag no longer matters.</summary>
    private const int RememberedCallers = 64;

    private readonly Dictionary<CallerId, Caller> _callers = [];
    private readonly List<Caller> _active = []; // those with jobs waiting
    private double _now; // virtual time: the tag of whoever was served last

    /// <summary>Jobs that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Callers that have jobs waiting.</summary>
    public int ActiveCallers => _active.Count;

    /// <summary>Callers that are remembered.</summary>
    public int KnownCallers => _callers.Count;

    /// <summary>All jobs that wait.</summary>
    public IEnumerable<T> Waiting => _active.SelectMany(static c => c.Short.Concat(c.Long));

    /// <summary>Puts a job behind those of its caller.</summary>
    /// <param name="job">The job.</param>
    /// <param name="callerId">Whose it is.</param>
    /// <param name="isShort">Whether it goes before its caller's long jobs.</param>
    public void Enqueue(T job, CallerId callerId, bool isShort)
    {
        if (!_callers.TryGetValue(callerId, out Caller? caller))
        {
            ForgetSome();
            _callers.Add(callerId, caller = new Caller(callerId));
        }

        if (caller.Waiting == 0)
        {
            caller.Tag = Math.Max(caller.Tag, _now);
            _active.Add(caller);
        }

        (isShort ? caller.Short : caller.Long).Enqueue(job);
        Count++;
    }

    /// <summary>The job whose turn it is.</summary>
    /// <param name="job">The job.</param>
    /// <param name="turn">Its caller's turn, to be charged.</param>
    public bool TryPeek([NotNullWhen(true)] out T? job, out Turn turn)
    {
        if (_active.Count == 0)
        {
            (job, turn) = (null, default);
            return false;
        }

        Caller next = _active[0];
        for (int i = 1; i < _active.Count; i++)
        {
            Caller other = _active[i];
            if (other.Tag < next.Tag || (other.Tag == next.Tag && other.IsShortNext(patience) && !next.IsShortNext(patience)))
            {
                next = other;
            }
        }

        _now = Math.Max(_now, next.Tag);
        turn = new Turn(next, next.IsShortNext(patience));
        job = (turn.IsShort ? next.Short : next.Long).Peek();
        return true;
    }

    /// <summary>Takes the job out whose turn it is.</summary>
    /// <param name="turn">What <see cref="TryPeek"/> gave, with nothing done in between.</param>
    public void Dequeue(Turn turn)
    {
        Caller caller = turn.Of;
        (turn.IsShort ? caller.Short : caller.Long).Dequeue();
        Count--;
        if (caller.Waiting == 0)
        {
            _active.Remove(caller);
        }
    }

    /// <summary>Charges what a turn is expected to cost: the mean of its caller's turns, until the true cost is known.</summary>
    /// <param name="turn">The turn.</param>
    public void Begin(ref Turn turn)
    {
        turn.Charged = turn.Of.MeanCost;
        turn.Of.Tag += turn.Charged;
        turn.Of.Running++;
        turn.Of.ShortSince = turn.IsShort && turn.Of.Long.Count > 0 ? turn.Of.ShortSince : 0;
    }

    /// <summary>Charges what a turn did cost.</summary>
    /// <param name="turn">The turn, begun.</param>
    /// <param name="cost">Its cost, in any unit that is always the same.</param>
    public void End(Turn turn, double cost)
    {
        const double share = 1.0 / 8; // of the newest turn in the mean
        turn.Of.Running--;
        turn.Of.Tag += cost - turn.Charged;
        turn.Of.ShortSince += turn.IsShort && turn.Of.Long.Count > 0 ? cost : 0;
        turn.Of.MeanCost += (cost - turn.Of.MeanCost) * share;
    }

    private void ForgetSome()
    {
        if (_callers.Count < RememberedCallers + (2 * _active.Count))
        {
            return;
        }

        foreach (Caller caller in _callers.Values)
        {
            if (caller.Waiting == 0 && caller.Running == 0 && (_active.Count == 0 || caller.Tag <= _now))
            {
                _callers.Remove(caller.Id);
            }
        }
    }

    /// <summary>One time that a caller is served.</summary>
    public struct Turn
    {
        internal Turn(Caller of, bool isShort) => (Of, IsShort) = (of, isShort);

        internal double Charged { get; set; }

        internal Caller Of { get; }

        internal bool IsShort { get; }
    }

    /// <summary>A caller's jobs and its place in virtual time.</summary>
    internal sealed class Caller(CallerId id)
    {
        public CallerId Id { get; } = id;

        public Queue<T> Short { get; } = new();

        public Queue<T> Long { get; } = new();

        public int Waiting => Short.Count + Long.Count;

        public int Running { get; set; }

        public double Tag { get; set; }

        public double MeanCost { get; set; }

        /// <summary>Cost of short turns since a long job had one, while one waits.</summary>
        public double ShortSince { get; set; }

        public bool IsShortNext(double patience) => Short.Count > 0 && (Long.Count == 0 || ShortSince <= patience);
    }
}
