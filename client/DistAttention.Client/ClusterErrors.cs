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
            throw new SiloUnreachableException(target, "could not be called", e);
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
