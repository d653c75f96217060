namespace DistAttention.Grains;

/// <summary>
/// Where the work that a message asks for is started. Handing it to another thread takes about as long as starting a decode step, and far longer where
/// the processors are busy; planning many rows, or reading a mask that comes with data, would keep the other messages of a turn waiting.
/// </summary>
internal static class TurnWork
{
    private const int FewRows = 16;
    private const int FewBytes = 4096;

    /// <summary>Whether work is started sooner than handed on.</summary>
    /// <param name="rows">Its query rows.</param>
    /// <param name="maskBytes">Bytes of its mask.</param>
    public static bool IsShort(int rows, int maskBytes) => rows <= FewRows && maskBytes <= FewBytes;

    /// <summary>Starts work, in the running turn if it is short.</summary>
    /// <param name="isShort">As <see cref="IsShort"/> says.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Ends waiting for a thread.</param>
    public static Task<T> StartAsync<T>(bool isShort, Func<Task<T>> work, CancellationToken cancellationToken) =>
        isShort ? work() : Task.Run(work, cancellationToken);
}
