using DistAttention.Calls;
using DistAttention.Engine.Compute;
using Microsoft.Extensions.Options;

namespace DistAttention.Grains;

/// <summary>The doors of a silo: one for calls that it coordinates, one for work on its shards that others coordinate. Two, so that neither kind waits for the other to end.</summary>
internal sealed class SiloGates
{
    public SiloGates(ComputePool pool, TimeProvider time, IOptions<DistAttentionOptions> options)
    {
        DistAttentionOptions given = options.Value;
        AdmissionLimits limits = new()
        {
            MaxCalls = given.MaxCalls,
            MaxCallBytes = given.MaxCallBytes,
            MaxCallsPerCaller = given.MaxCallsPerCaller,
            MaxCallBytesPerCaller = given.MaxCallBytesPerCaller,
        };
        Calls = new CallGate(limits, pool.Threads, busyTime: null, time);
        Parts = new CallGate(limits, pool.Threads, () => pool.BusyTime, time);
    }

    /// <summary>Calls that clients make here.</summary>
    public CallGate Calls { get; }

    /// <summary>Parts of calls that others coordinate: tiles over this silo's shards, and rows for them.</summary>
    public CallGate Parts { get; }

    /// <summary>Does what a gate lets in.</summary>
    public static Task<T> ThroughAsync<T>(CallGate gate, CallCost cost, Func<Task<T>> work) =>
        gate.TryEnter(cost) is { } refusal ? Task.FromException<T>(refusal) : InsideAsync(gate, cost, work);

    private static async Task<T> InsideAsync<T>(CallGate gate, CallCost cost, Func<Task<T>> work)
    {
        bool isDone = false;
        try
        {
            T result = await work().ConfigureAwait(false);
            isDone = true;
            return result;
        }
        finally
        {
            gate.Leave(cost, isDone);
        }
    }
}
