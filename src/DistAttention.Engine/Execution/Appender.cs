using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Engine.Execution;

/// <summary>Reserve, write, commit: puts rows behind a sequence, exactly once per operation id.</summary>
public sealed class Appender
{
    private readonly IShardGateway _gateway;
    private readonly int _writesInFlight;
    private readonly TimeProvider _time;
    private readonly AttentionMeter _meter;

    /// <summary>Makes an appender.</summary>
    /// <param name="gateway">Reaches the owners.</param>
    /// <param name="writesInFlight">Shards written at a time.</param>
    /// <param name="time">The clock of pauses between attempts.</param>
    /// <param name="meter">Counts what is done; null for nobody.</param>
    public Appender(IShardGateway gateway, int writesInFlight, TimeProvider time, AttentionMeter? meter = null)
    {
        _meter = meter ?? AttentionMeter.Silent;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(writesInFlight);
        _gateway = gateway;
        _writesInFlight = writesInFlight;
        _time = time;
    }

    /// <summary>Appends validated rows.</summary>
    /// <param name="ledger">The sequence's ledger.</param>
    /// <param name="spec">Its shape and storage.</param>
    /// <param name="k">Keys [count, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Values [count, NumHeadsKv, AppendedHeadDimV].</param>
    /// <param name="count">Rows.</param>
    /// <param name="options">How.</param>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="cancellationToken">Cancels the call; uncommitted rows are then given up.</param>
    public async ValueTask<AppendResult> AppendAsync(
        ISequenceLedger ledger,
        SequenceSpec spec,
        ReadOnlyMemory<float> k,
        ReadOnlyMemory<float> v,
        long count,
        AppendOptions options,
        CallerId caller,
        CancellationToken cancellationToken)
    {
        OperationId operation = options.OperationId ?? OperationId.New();
        Backoff backoff = new(_time);
        StaleWriteException? stale = null;
        while (true)
        {
            Reservation reservation = await ledger.ReserveAsync(operation, count, options.ExpectedPosition, cancellationToken).ConfigureAwait(false);
            try
            {
                if (stale is not null)
                {
                    await backoff.PauseAsync(TimeSpan.Zero, stale, cancellationToken).ConfigureAwait(false);
                }

                await WriteAsync(ledger, reservation, spec, k, v, options.Progress, caller, cancellationToken).ConfigureAwait(false);
                return await ledger.CommitAsync(reservation, cancellationToken).ConfigureAwait(false);
            }
            catch (StaleWriteException e)
            {
                // A newer reservation has written to the shard, or the shard is gone: again, under a newer fence.
                stale = e;
            }
            catch (ReservationLostException)
            {
                // Something ahead was given up: the rows go elsewhere.
                await TrimAsync(reservation).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch
            {
                if (await ledger.AbortAsync(operation).ConfigureAwait(false))
                {
                    await TrimAsync(reservation).ConfigureAwait(false);
                }

                throw;
            }
        }
    }

    private async Task TrimAsync(Reservation givenUp)
    {
        foreach (ReservedPart part in givenUp.Parts)
        {
            try
            {
                await _gateway.TrimAsync(part.Shard.Owner, part.Shard.Id, part.FirstIdx, givenUp.Fence, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Only memory is lost, until the next append to the shard; the caller must see why the append failed.
            }
        }
    }

    /// <summary>Writes to one shard; where its owner does not answer, to the one that the ledger then names. Writing twice is writing once.</summary>
    private async ValueTask WriteAsync(ISequenceLedger ledger, OwnerId owner, ShardWrite write, CancellationToken cancellationToken)
    {
        Backoff backoff = new(_time);
        while (true)
        {
            try
            {
                await _gateway.WriteAsync(owner, write, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (OwnerUnreachableException e)
            {
                IReadOnlyList<ShardEntry> now = await ledger.ReassignAsync([write.Shard], owner, cancellationToken).ConfigureAwait(false);
                if (now.Count == 0)
                {
                    throw new StaleWriteException(write.Shard);
                }

                if (now[0].Owner == owner)
                {
                    await backoff.PauseAsync(TimeSpan.Zero, e, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    _meter.FailedOver();
                }

                owner = now[0].Owner;
            }
        }
    }

    private async Task WriteAsync(
        ISequenceLedger ledger,
        Reservation reservation,
        SequenceSpec spec,
        ReadOnlyMemory<float> k,
        ReadOnlyMemory<float> v,
        IProgress<AttentionProgress>? progress,
        CallerId caller,
        CancellationToken cancellationToken)
    {
        int kRow = spec.NumHeadsKv * spec.HeadDim;
        int vRow = spec.NumHeadsKv * spec.AppendedHeadDimV;
        long written = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = _writesInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(reservation.Parts, parallel, async (part, token) =>
        {
            ShardWrite write = new(
                part.Shard.Id,
                spec,
                reservation.Fence,
                reservation.OperationId,
                part.FirstIdx,
                part.Count,
                k.Slice(checked((int)(part.Offset * kRow)), part.Count * kRow),
                v.Slice(checked((int)(part.Offset * vRow)), part.Count * vRow))
            {
                CommittedRows = part.CommittedRows,
                Caller = caller,
            };
            try
            {
                await WriteAsync(ledger, part.Shard.Owner, write, token).ConfigureAwait(false);
            }
            catch (InvalidTensorException unstorable)
            {
                // Only known once the owner has projected the key.
                throw unstorable.InToken(unstorable.Token + part.Offset);
            }

            progress?.Report(new AttentionProgress(Interlocked.Add(ref written, part.Count), reservation.Rows.Length));
        }).ConfigureAwait(false);
    }
}
