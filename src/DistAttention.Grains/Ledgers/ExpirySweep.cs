using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Deletes, from time to time, sequences that are past their time to live. Where silos share a storage, the first of them in the order of addresses
/// looks through it for all; ledgers that are only in memory each silo looks through itself. Whether a sequence is past its time its own ledger
/// decides, so that several sweeps at once, or one that reads an old state, delete nothing that lives.
/// </summary>
internal sealed partial class ExpirySweep(
    ClusterSilos silos, IGrainFactory grains, ILedgerStore ledgers, IShardStore shards, IOptions<DistAttentionOptions> options, TimeProvider time, ILogger<ExpirySweep> log)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stop = new();
    private Task _sweeping = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(ExpirySweep), ServiceLifecycleStage.Active + 1, StartAsync, StopAsync);

    /// <summary>Looks through what is this silo's to look through.</summary>
    /// <returns>Sequences deleted.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        int deleted = 0;
        if (shards.IsDurable && silos.Live()[0] != silos.Self)
        {
            return deleted;
        }

        await foreach (LedgerRecord record in ledgers.ListAsync("", cancellationToken).ConfigureAwait(false))
        {
            if (record.IsExpired(time) && await grains.GetGrain<ISequenceGrain>(record.Id.Value).ExpireAsync(cancellationToken).ConfigureAwait(false))
            {
                deleted++;
            }
        }

        return deleted;
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        _sweeping = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _sweeping.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        CancellationToken stopped = _stop.Token;
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(options.Value.ExpirySweepInterval, time, stopped).ConfigureAwait(false);
                int deleted = await SweepAsync(stopped).ConfigureAwait(false);
                if (deleted > 0)
                {
                    LogSwept(log, deleted);
                }
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is DistAttentionException or OrleansException or TimeoutException or OperationCanceledException)
            {
                LogFailed(log, e);
            }
        }
    }
}
