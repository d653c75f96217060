using DistAttention.Contracts;
using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>Errors of the transport as errors of this library.</summary>
internal static class ClusterErrors
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);

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
            throw new SiloUnreachableException(target, "could not be called", e);
        }
    }

    /// <summary>
    /// Makes a call that changes nothing when it is repeated, until it is answered: right after a silo is lost, others still send
    /// to it, and answers that were on their way are lost with it.
    /// </summary>
    /// <exception cref="SiloUnreachableException">The cluster could not be reached or did not answer.</exception>
    public static async Task<T> RepeatedAsync<T>(Func<Task<T>> call, string target, DistAttentionClientOptions options, CancellationToken cancellationToken)
    {
        long started = options.TimeProvider.GetTimestamp();
        TimeSpan pause = _firstPause;
        while (true)
        {
            try
            {
                return await RepeatedCall.RunAsync(call, options.TimeProvider, cancellationToken).MappedAsync(target).ConfigureAwait(false);
            }
            catch (SiloUnreachableException e) when (options.TimeProvider.GetElapsedTime(started) < options.RetryTime)
            {
                try
                {
                    await Task.Delay(pause, options.TimeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException ended)
                {
                    // A deadline that passes here passed because of what kept the call from being answered.
                    throw new OperationCanceledException(ended.Message, e, ended.CancellationToken);
                }

                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
            }
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
            throw new SiloUnreachableException(target, "could not be called", e);
        }
    }
}
