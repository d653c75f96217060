using Orleans.Runtime;

namespace DistAttention.Client;

/// <summary>Goes on trying to connect, but not against a cluster that has answered with a refusal.</summary>
internal sealed class ConnectRetries(TimeProvider time) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Why the last attempt failed.</summary>
    public Exception? LastFailure { get; private set; }

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        LastFailure = exception;
        if (exception is DistAttentionException)
        {
            return false;
        }

        await Task.Delay(_pause, time, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
