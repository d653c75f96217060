using DistAttention.Engine.Ledger;

namespace DistAttention.Engine;

/// <summary>
/// Deletes, from time to time, sequences that are past their time to live. Begins with the first such sequence that the client makes or opens, then
/// looks at all that are kept where it keeps its own; other clients and silos may do the same there.
/// </summary>
internal sealed class EmbeddedSweep(EmbeddedAttention client, EmbeddedOptions options) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task? _sweeping;

    /// <summary>Begins, if the sequence has a time to live.</summary>
    public void Watch(SequenceSpec spec)
    {
        if (spec.TimeToLive is null)
        {
            return;
        }

        lock (_lock)
        {
            if (!_stop.IsCancellationRequested)
            {
                _sweeping ??= SweepAsync();
            }
        }
    }

    /// <summary>Ends a sweep that runs, so that nothing is read or written afterwards.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? sweeping;
        lock (_lock)
        {
            _stop.Cancel();
            sweeping = _sweeping;
        }

        await (sweeping ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SweepAsync()
    {
        CancellationToken stopped = _stop.Token;
        try
        {
            while (true)
            {
                await Task.Delay(options.ExpirySweepInterval, options.TimeProvider, stopped).ConfigureAwait(false);
                try
                {
                    await foreach (LedgerRecord record in options.LedgerStore.ListAsync("", stopped).ConfigureAwait(false))
                    {
                        if (record.IsExpired(options.TimeProvider))
                        {
                            await client.ExpireAsync(record.Id, stopped).ConfigureAwait(false);
                        }
                    }
                }
                catch (DistAttentionException)
                {
                    // Whoever uses the storage is told what is wrong with it; the next sweep tries again.
                }
            }
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // The client has ended.
        }
    }
}
