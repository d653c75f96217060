using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Engine.TensorFiles;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Moving;

/// <summary>
/// Writes a sequence as a <c>.safetensors</c> file: <c>k</c> and <c>v</c> [positions, heads, head size] in the type they are stored in
/// (int8: as float32), and its spec in the metadata. Rows go from the store to their places in the file, record by record.
/// The sequence may be in use: what is written is what was committed at the start.
/// </summary>
public static class SequenceExport
{
    /// <summary>The tensor of keys.</summary>
    public const string Keys = "k";

    /// <summary>The tensor of values.</summary>
    public const string Values = "v";

    /// <summary>Writes the file.</summary>
    /// <param name="storage">Where the sequence is.</param>
    /// <param name="id">Its name.</param>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="progress">Told of positions written.</param>
    /// <param name="cancellationToken">Cancels the export; nothing is left of the file.</param>
    /// <returns>The sequence as it was written.</returns>
    /// <exception cref="SequenceNotFoundException">There is no such sequence.</exception>
    /// <exception cref="InvalidSpecException">It stores keys projected or turned, or values as a part of keys: importing would do so again.</exception>
    /// <exception cref="StorageDamagedException">Its rows are not what was written.</exception>
    /// <exception cref="ShardLostException">Rows are missing: they were truncated or deleted meanwhile, or are lost.</exception>
    /// <exception cref="TensorFileException">The file cannot be written.</exception>
    public static async Task<LedgerRecord> RunAsync(DurableStorage storage, SequenceId id, string path, IProgress<AttentionProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        LedgerRecord ledger = (await storage.Ledgers.ReadAsync(id, cancellationToken).ConfigureAwait(false))?.Record ?? throw new SequenceNotFoundException(id);
        SequenceSpec spec = ledger.Spec;
        RequireRowsAsGiven(spec);
        TensorDataType type = TypeOf(spec.KvType);
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            path,
            [
                new SafetensorsTensor(Keys, type, ledger.Length, spec.NumHeadsKv, spec.HeadDim),
                new SafetensorsTensor(Values, type, ledger.Length, spec.NumHeadsKv, spec.HeadDimV),
            ],
            SpecTexts.Of(id, spec));
        long written = 0;
        foreach (ShardEntry shard in ledger.Shards)
        {
            int rows = (int)Math.Clamp(ledger.Length - written, 0, spec.ShardLength);
            if (rows == 0)
            {
                break;
            }

            await WriteShardAsync(storage, ledger, shard.Id, rows, writer, cancellationToken).ConfigureAwait(false);
            written += rows;
            progress?.Report(new AttentionProgress(written, ledger.Length));
        }

        writer.Publish();
        return ledger;
    }

    /// <summary>The type of the file's elements.</summary>
    /// <param name="type">How the sequence is stored.</param>
    public static TensorDataType TypeOf(KvDataType type) => type switch
    {
        KvDataType.Float16 => TensorDataType.Float16,
        KvDataType.BFloat16 => TensorDataType.BFloat16,
        _ => TensorDataType.Float32,
    };

    /// <summary>Keys that were projected or turned when they were appended would be so again when they are imported.</summary>
    private static void RequireRowsAsGiven(SequenceSpec spec)
    {
        string? property =
            spec.KeyProjection is not null ? nameof(spec.KeyProjection)
            : spec.Rope is not null ? nameof(spec.Rope)
            : spec.ValueFromKeyPrefix ? nameof(spec.ValueFromKeyPrefix)
            : null;
        if (property is not null)
        {
            throw new InvalidSpecException(property, "a sequence with it is stored in another form than it is appended in, and cannot be exported");
        }
    }

    /// <summary>Where records overlap, the one of the highest fence comes last and stays.</summary>
    private static async ValueTask WriteShardAsync(DurableStorage storage, LedgerRecord ledger, ShardId shard, int rows, SafetensorsWriter writer, CancellationToken cancellationToken)
    {
        SequenceSpec spec = ledger.Spec;
        long start = (long)shard.Index * spec.ShardLength;
        RowCoverage seen = new();
        await foreach (ShardWrite write in storage.Shards.ReadAsync(shard, 0, rows, cancellationToken).ConfigureAwait(false))
        {
            int count = Math.Min(write.Count, rows - write.FirstIdx);
            if (count > 0)
            {
                writer.WriteRows(Keys, start + write.FirstIdx, write.K.Span[..(count * spec.NumHeadsKv * spec.HeadDim)]);
                writer.WriteRows(Values, start + write.FirstIdx, write.V.Span[..(count * spec.NumHeadsKv * spec.HeadDimV)]);
                seen.Add(new PositionRange(write.FirstIdx, write.FirstIdx + count));
            }
        }

        foreach (PositionRange missing in seen.MissingOf(rows))
        {
            throw new ShardLostException(ledger.Id, new PositionRange(start + missing.Start, start + missing.End), "the storage does not hold them (any more)");
        }
    }
}
