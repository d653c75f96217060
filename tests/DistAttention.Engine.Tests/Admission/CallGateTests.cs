using DistAttention.Calls;
using DistAttention.Engine.Compute;

namespace DistAttention.Engine.Tests.Admission;

/// <summary>Who is let in: the time that threads work is given, nothing is measured.</summary>
public sealed class CallGateTests
{
    private static readonly CallerId _a = new("a");
    private static readonly CallerId _b = new("b");
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    private TimeSpan _busy;

    [Fact]
    public void CallsAndTheirBytesAreBoundedAndTheirEndMakesRoom()
    {
        CallGate gate = Gate(new AdmissionLimits { MaxCalls = 5, MaxCallBytes = 100 });
        CallCost small = Cost(_a, bytes: 10);
        for (int i = 0; i < 4; i++)
        {
            gate.Enter(small);
        }

        gate.Enter(Cost(_b, bytes: 10));
        OverloadedException full = Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_b, bytes: 10)));
        Assert.Contains("queue of calls", full.What, StringComparison.Ordinal);
        Assert.True(full.RetryAfter > TimeSpan.Zero);
        Assert.Equal((5, 50L, 2), (gate.Calls, gate.Bytes, gate.Callers));
        gate.Leave(small, isDone: true);
        Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_b, bytes: 61)));
        gate.Enter(Cost(_b, bytes: 5));
    }

    [Fact]
    public void OneCallThatIsLargerThanAllRoomIsLetInAlone()
    {
        CallGate gate = Gate(new AdmissionLimits { MaxCallBytes = 100, MaxCallBytesPerCaller = 50 });
        CallCost large = Cost(_a, bytes: 1000);
        gate.Enter(large);
        Assert.Throws<OverloadedException>(() => gate.Enter(large));
        Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_b, bytes: 1)));
        gate.Leave(large, isDone: false);
        gate.Enter(Cost(_b, bytes: 1));
        Assert.Throws<OverloadedException>(() => gate.Enter(large));
    }

    [Fact]
    public void AFloodLeavesRoomForOthers()
    {
        CallGate gate = Gate(new AdmissionLimits { MaxCalls = 100 });
        int flood = EnterAsMany(gate, _a);
        Assert.InRange(flood, 70, 90); // alone: four fifths
        int second = EnterAsMany(gate, _b);
        Assert.InRange(second, 10, 30);
        int third = EnterAsMany(gate, new CallerId("c"));
        Assert.InRange(third, 1, 10);
        Assert.InRange(gate.Calls, 90, 100);
    }

    [Fact]
    public void ACallersQuotaHoldsEvenIfThereIsRoom()
    {
        CallGate gate = Gate(new AdmissionLimits { MaxCallsPerCaller = 3, MaxCallBytesPerCaller = 100 });
        gate.Enter(Cost(_a, bytes: 60));
        Assert.Contains("quota", Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_a, bytes: 60))).What, StringComparison.Ordinal);
        gate.Enter(Cost(_a, bytes: 1));
        gate.Enter(Cost(_a, bytes: 1));
        Assert.Contains("quota", Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_a, bytes: 1))).What, StringComparison.Ordinal);
        gate.Enter(Cost(_b, bytes: 60));
    }

    [Fact]
    public void WhatCannotBeAnsweredInTimeIsRefusedAtOnceAndToldWhenToComeBack()
    {
        CallGate gate = Gate();
        Measure(gate, work: 100, took: 100 * _second); // a second per unit on one of two threads
        CallCost call = Cost(_a, work: 1, timeLeft: 10 * _second);
        int entered = 0;
        OverloadedException refused;
        while (true)
        {
            try
            {
                gate.Enter(call);
                entered++;
            }
            catch (OverloadedException e)
            {
                refused = e;
                break;
            }
        }

        // It takes half a second; of the 9.5 s then left, a quarter may go by in waiting: for four calls and less than a fifth, so five are let in.
        Assert.Equal(5, entered);
        Assert.InRange(refused.RetryAfter, TimeSpan.FromMilliseconds(20), _second);
        gate.Enter(call with { TimeLeft = 60 * _second });
        gate.Enter(call with { TimeLeft = Timeout.InfiniteTimeSpan });
    }

    [Fact]
    public void OthersCountOnlyAsFarAsTheyAreServedMeanwhile()
    {
        CallGate gate = Gate();
        Measure(gate, work: 100, took: 100 * _second);
        for (int i = 0; i < 50; i++)
        {
            gate.Enter(Cost(_a, work: 1, timeLeft: Timeout.InfiniteTimeSpan));
        }

        // 25 s of a's work wait, and b's one unit takes a second beside them.
        gate.Enter(Cost(_b, work: 1, timeLeft: 3 * _second));
        Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_a, work: 1, timeLeft: 3 * _second)));
    }

    [Fact]
    public void ShortCallsDoNotWaitForTheirCallersLongOnes()
    {
        CallGate gate = Gate();
        Measure(gate, work: 100, took: 100 * _second);
        Crowd(gate);
        gate.Enter(Cost(_a, work: 50, timeLeft: Timeout.InfiniteTimeSpan));
        Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_a, work: 0.1, timeLeft: _second)));
        gate.Enter(Cost(_a, work: 0.1, timeLeft: _second) with { IsShort = true });
    }

    [Fact]
    public void ACallThatComesAloneIsLetInHoweverLongItTakes()
    {
        CallGate gate = Gate();
        Measure(gate, work: 100, took: 100 * _second);
        gate.Enter(Cost(_a, work: 1000, timeLeft: _second));
        gate.Enter(Cost(_b, work: 0.001, timeLeft: _second)); // nor is a short one refused beside it
    }

    [Fact]
    public void ThePaceFollowsWhatIsMeasured()
    {
        CallGate gate = Gate();
        Measure(gate, work: 100, took: 1000 * _second);
        Crowd(gate);
        gate.Enter(Cost(_b, work: 1, timeLeft: Timeout.InfiniteTimeSpan));
        Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_b, work: 1, timeLeft: 10 * _second)));
        for (int i = 0; i < 60; i++)
        {
            Measure(gate, work: 100, took: _second);
        }

        gate.Enter(Cost(_b, work: 1, timeLeft: 10 * _second));
    }

    [Fact]
    public void TheFirstCallsOfAProcessSayNothingAboutALaterFlood()
    {
        // Compiling: a second for hardly any work.
        CallGate gate = Gate();
        for (int i = 0; i < 10; i++)
        {
            CallCost small = Cost(_a, work: 1000, timeLeft: 30 * _second);
            gate.Enter(small);
            _busy += _second / 5;
            gate.Leave(small, isDone: true);
        }

        for (int i = 0; i < 200; i++)
        {
            gate.Enter(Cost(_a, work: 1e7, timeLeft: 30 * _second));
        }
    }

    [Fact]
    public void AFewCallsAreNotRefusedForTheTimeTheyWouldWait()
    {
        CallGate gate = Gate();
        Measure(gate, work: 100, took: 100 * _second);
        for (int i = 0; i < 4; i++)
        {
            gate.Enter(Cost(_a, work: 1000, timeLeft: _second));
        }

        Assert.Throws<OverloadedException>(() => gate.Enter(Cost(_a, work: 1000, timeLeft: _second)));
    }

    [Fact]
    public void CallersThatAreGoneAreForgotten()
    {
        CallGate gate = Gate();
        for (int i = 0; i < 1000; i++)
        {
            CallCost call = Cost(new CallerId($"caller {i}"), bytes: 1);
            gate.Enter(call);
            gate.Leave(call, isDone: true);
        }

        Assert.Equal((0, 0L, 0), (gate.Calls, gate.Bytes, gate.Callers));
    }

    private static CallCost Cost(CallerId caller, long bytes = 0, double work = 0, TimeSpan? timeLeft = null) => new(caller, bytes, work, false, timeLeft ?? _second);

    private static int EnterAsMany(CallGate gate, CallerId caller)
    {
        int entered = 0;
        while (true)
        {
            try
            {
                gate.Enter(Cost(caller));
                entered++;
            }
            catch (OverloadedException)
            {
                return entered;
            }
        }
    }

    private CallGate Gate(AdmissionLimits? limits = null) => new(limits ?? new AdmissionLimits(), threads: 2, () => _busy);

    /// <summary>So many calls, of no work, that time counts.</summary>
    private static void Crowd(CallGate gate)
    {
        for (int i = 0; i < 4; i++)
        {
            gate.Enter(Cost(new CallerId("crowd"), timeLeft: Timeout.InfiniteTimeSpan));
        }
    }

    /// <summary>Calls that took so long together.</summary>
    private void Measure(CallGate gate, double work, TimeSpan took)
    {
        const int calls = 64;
        for (int i = 0; i < calls; i++)
        {
            CallCost call = Cost(_a, work: work / calls, timeLeft: Timeout.InfiniteTimeSpan);
            gate.Enter(call);
            _busy += i == calls - 1 ? took : TimeSpan.Zero;
            gate.Leave(call, isDone: true);
        }
    }
}
