using DistAttention.Contracts;
using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>Errors of the transport as errors of this library.</summary>
internal static class ClusterErrors
{
    /// <summary>Waits for a call to a ledger.</summary>
    /// <exception cref="SiloUnreachableException">The cluster could not be reached or did not answer.</exception>
    public static async Task<T> MappedAsync<T>(this Task<T> call, string target)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            throw Unreachable(target, e);
        }
    }

    /// <summary>
    /// Makes a call that changes nothing when it is repeated, until it is answered: right after a silo is lost, others still send
    /// to it, and answers that were on their way are lost with it.
    /// </summary>
    /// <exception cref="SiloUnreachableException">The cluster could not be reached or did not answer.</exception>
    public static async Task<T> RepeatedAsync<T>(Func<Task<T>> call, string target, DistAttentionClientOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await RepeatedCall.RunAsync(call, options.RetryTime, options.TimeProvider, cancellationToken).MappedAsync(target).ConfigureAwait(false);
        }
        catch (OperationCanceledException ended) when (ended.InnerException is OrleansException or TimeoutException)
        {
            throw new OperationCanceledException(ended.Message, Unreachable(target, ended.InnerException), ended.CancellationToken);
        }
    }

    /// <summary>Waits for a call to a ledger.</summary>
    /// <exception cref="SiloUnreachableException">The cluster could not be reached or did not answer.</exception>
    public static async Task MappedAsync(this Task call, string target)
    {
        try
        {
            await call.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            throw Unreachable(target, e);
        }
    }

    private static SiloUnreachableException Unreachable(string target, Exception cause) => new(target, "could not be called", cause);
}
