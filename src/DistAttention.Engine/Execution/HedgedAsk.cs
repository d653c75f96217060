using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Asks one owner, and when it is late a second one too; the first whole answer counts, and nothing of the other is kept (Dean and
/// Barroso, The Tail at Scale, 2013). Both give the same bits, so it does not matter which.
/// </summary>
internal sealed class HedgedAsk<T>(TimeProvider time, Func<OwnerId, TileRequest, CancellationToken, ValueTask<T>> ask, AttentionMeter meter)
    where T : IOwnerAnswer
{
    /// <summary>Asks. Nothing of the call runs on after it.</summary>
    /// <param name="work">What is asked for.</param>
    /// <param name="request">The question.</param>
    /// <param name="hedge">The second owner.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<T> RunAsync(OwnerWork work, TileRequest request, Hedge hedge, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<T> first = ask(work.Owner, request, stop.Token).AsTask();
        Task<T>? second = null;
        Task<T>? kept = null;
        try
        {
            if (await IsDoneAsync(first, hedge.After, stop.Token).ConfigureAwait(false) && !IsUnreachable(first))
            {
                kept = first;
                return await kept.ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            meter.Hedged();
            second = ask(hedge.Owner, request, stop.Token).AsTask();
            Task<T> earlier = await Task.WhenAny(first, second).ConfigureAwait(false);
            if (!Answers(earlier, work))
            {
                await Task.WhenAny(earlier == first ? second : first).ConfigureAwait(false);
            }

            kept = Answers(second, work) ? second : first; // what the owner itself says is what the ledger can act on
            return await kept.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ForgetAsync(first == kept ? null : first).ConfigureAwait(false);
            await ForgetAsync(second == kept ? null : second).ConfigureAwait(false);
        }
    }

    private static async Task ForgetAsync(Task<T>? asked)
    {
        try
        {
            if (asked is not null)
            {
                (await asked.ConfigureAwait(false)).Dispose();
            }
        }
        catch (Exception)
        {
            // The other one's answer, or failure, is the caller's.
        }
    }

    private static bool Answers(Task<T> asked, OwnerWork work) => asked.IsCompletedSuccessfully && asked.Result.Answers(work);

    private static bool IsUnreachable(Task<T> asked) => asked.Exception?.InnerException is OwnerUnreachableException;

    private async Task<bool> IsDoneAsync(Task<T> asked, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (asked.IsCompleted)
        {
            return true;
        }

        using CancellationTokenSource noTimer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task timer = Task.Delay(patience, time, noTimer.Token);
        await Task.WhenAny(asked, timer).ConfigureAwait(false);
        await noTimer.CancelAsync().ConfigureAwait(false);
        return asked.IsCompleted;
    }
}
