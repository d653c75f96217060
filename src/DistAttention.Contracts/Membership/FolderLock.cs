namespace DistAttention.Contracts.Membership;

/// <summary>
/// A file that one process at a time holds. The operating system holds it for the process and lets go when the process ends, however
/// it ends: there is no such thing as the stale lock of a killed process. For local file systems.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(20);

    private readonly FileStream _held;

    private FolderLock(FileStream held) => _held = held;

    /// <summary>Takes the lock if it is free.</summary>
    /// <param name="path">The file; made if there is none, and left there.</param>
    /// <returns>The lock, or null if another process, or another place in this one, holds it.</returns>
    public static FolderLock? TryAcquire(string path)
    {
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1));
        }
        catch (IOException error) when (error.GetType() == typeof(IOException))
        {
            return null; // held; what is wrong with the path itself has exceptions of its own
        }
    }

    /// <summary>Takes the lock, waiting while others hold it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="TimeoutException">It was not free in time.</exception>
    public static async Task<FolderLock> AcquireAsync(string path, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        long started = TimeProvider.System.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            if (TryAcquire(path) is { } taken)
            {
                return taken;
            }

            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"'{path}' is held by another process for more than {patience.TotalSeconds:0.#} s.");
            }

            // Random pauses: processes that collide once should not go on colliding.
            TimeSpan pause = Random.Shared.NextDouble() * Math.Min(attempt, 10) * 0.1 * _longestPause;
            await Task.Delay(pause < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Lets others take it.</summary>
    public void Dispose() => _held.Dispose();
}
