using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>How the sequence is cut, and others made that share its first positions.</summary>
public sealed partial class SequenceLedger
{
    /// <summary>Cuts the sequence and throws away every reservation.</summary>
    /// <param name="length">Positions to keep.</param>
    /// <param name="seed">Makes the new generation of a cut shard: (new, old, rows to keep).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new state, and the shards that are no longer part of the sequence.</returns>
    public ValueTask<(SequenceSnapshot Snapshot, ImmutableArray<ShardEntry> Dropped)> TruncateAsync(
        long length,
        Func<ShardEntry, ShardEntry, int, ValueTask> seed,
        CancellationToken cancellationToken) => TruncateAsync(null, length, seed, cancellationToken);

    /// <summary>Cuts the sequence and throws away every reservation. Once: repeating it under the same id changes nothing.</summary>
    /// <param name="operationId">Names the cut; it is then remembered among the appends. Null where nobody will repeat it.</param>
    /// <param name="length">Positions to keep.</param>
    /// <param name="seed">Makes the new generation of a cut shard: (new, old, rows to keep).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new state, and the shards that are no longer part of the sequence.</returns>
    public async ValueTask<(SequenceSnapshot Snapshot, ImmutableArray<ShardEntry> Dropped)> TruncateAsync(
        OperationId? operationId,
        long length,
        Func<ShardEntry, ShardEntry, int, ValueTask> seed,
        CancellationToken cancellationToken)
    {
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            if (operationId is { } asked && Record.Operations.TryGet(asked, out PositionRange done))
            {
                return (Record.Snapshot with { Length = Math.Min(done.Start, Record.Length) }, []);
            }

            if (length < 0 || length > Record.Length)
            {
                await _stored.RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
                throw new InvalidSpecException(nameof(length), $"{length} is not between 0 and the sequence's length, {Record.Length}");
            }

            ThrowAppendsAway();
            ImmutableArray<ShardEntry> kept = await CutShardsAsync(Record.Uid, generation: Record.Fence, length, seed).ConfigureAwait(false);
            ImmutableArray<ShardEntry> before = _shards;
            LedgerRecord cut = Used(Record with { Epoch = Record.Epoch + 1, Length = length, Shards = kept });
            await StoreAsync(operationId is { } id ? cut with { Operations = cut.Operations.Add(id, new PositionRange(length, length)) } : cut).ConfigureAwait(false);
            _shards = kept;
            return (Record.Snapshot, [.. before.Except(kept)]);
        }
    }

    /// <summary>The record of a new sequence that shares this one's first positions. Nothing is stored yet.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="uid">Its uid, which whoever asks for it makes.</param>
    /// <param name="length">Positions to share; null for all committed ones.</param>
    /// <param name="seed">Makes the new sequence's own copy of a cut shard: (new, old, rows to keep).</param>
    /// <param name="retain">Lets the new sequence hold the shards that it shares: (shards, new sequence).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<LedgerRecord> ForkAsync(
        SequenceId id,
        Guid uid,
        long? length,
        Func<ShardEntry, ShardEntry, int, ValueTask> seed,
        Func<IReadOnlyList<ShardEntry>, Guid, ValueTask> retain,
        CancellationToken cancellationToken)
    {
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            await NoteUseInTurnAsync().ConfigureAwait(false);
            long keep = length ?? Record.Length;
            if (keep < 0 || keep > Record.Length)
            {
                await _stored.RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
                throw new InvalidSpecException(nameof(length), $"{keep} is not between 0 and the sequence's length, {Record.Length}");
            }

            ImmutableArray<ShardEntry> shards = await CutShardsAsync(uid, generation: 0, keep, seed).ConfigureAwait(false);
            await retain([.. shards.Where(s => s.Id.Sequence != uid)], uid).ConfigureAwait(false);

            // Checked last: until now this sequence held all that the new one shares, so none of it can be gone.
            await _stored.RequireCurrentAsync(cancellationToken).ConfigureAwait(false);

            // Its fences go on above this one's, under which the rows it starts with were stored.
            return new LedgerRecord { Id = id, Uid = uid, Spec = Record.Spec, Length = keep, Fence = Record.Fence, Shards = shards };
        }
    }

    /// <summary>The shards of the first positions: whole ones shared, a cut one made anew.</summary>
    private async ValueTask<ImmutableArray<ShardEntry>> CutShardsAsync(Guid uid, long generation, long length, Func<ShardEntry, ShardEntry, int, ValueTask> seed)
    {
        int whole = (int)(length / Record.Spec.ShardLength);
        int rest = (int)(length % Record.Spec.ShardLength);
        ImmutableArray<ShardEntry> shards = Record.Shards[..whole];
        if (rest == 0)
        {
            return shards;
        }

        ShardEntry old = Record.Shards[whole];
        ShardEntry cut = new(new ShardId(uid, whole, generation), old.Owner);
        try
        {
            await seed(cut, old, rest).ConfigureAwait(false);
        }
        catch (ShardLostException)
        {
            // If another owner has taken over, it may have let the shard go; nothing is lost then.
            await _stored.RequireCurrentAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return shards.Add(cut);
    }
}
