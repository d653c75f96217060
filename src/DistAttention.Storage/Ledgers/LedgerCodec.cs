using System.Collections.Immutable;
using System.Text;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Ledgers;

/// <summary>
/// A ledger as bytes: whole, or as what changed since the version before, so that a decode step of one row does not
/// write down thousands of earlier appends.
/// </summary>
internal static class LedgerCodec
{
    private const byte Whole = 1;
    private const byte Change = 2;
    private const byte Deleted = 3;

    /// <summary>A ledger that is gone.</summary>
    public static byte[] Deletion { get; } = [Deleted];

    /// <summary>The whole state.</summary>
    public static byte[] Encode(LedgerRecord record)
    {
        using MemoryStream bytes = new();
        using BinaryWriter to = new(bytes, Encoding.UTF8);
        to.Write(Whole);
        to.Write(record.Id.Value);
        to.Write(record.Uid.ToByteArray());
        SpecCodec.Write(to, record.Spec);
        WriteState(to, record);
        WriteShards(to, record.Shards, from: 0);
        to.Write(record.Operations.Total - record.Operations.Count);
        WriteOperations(to, [.. record.Operations.Oldest]);
        to.Flush();
        return bytes.ToArray();
    }

    /// <summary>What changed; null if that cannot be said shortly.</summary>
    public static byte[]? EncodeChange(LedgerRecord before, LedgerRecord after)
    {
        if (before.Uid != after.Uid || before.Id != after.Id || after.Operations.AddedSince(before.Operations.Total) is not { } added)
        {
            return null;
        }

        int same = 0;
        while (same < before.Shards.Length && same < after.Shards.Length && before.Shards[same] == after.Shards[same])
        {
            same++;
        }

        using MemoryStream bytes = new();
        using BinaryWriter to = new(bytes, Encoding.UTF8);
        to.Write(Change);
        WriteState(to, after);
        WriteShards(to, after.Shards, same);
        WriteOperations(to, added);
        to.Flush();
        return bytes.ToArray();
    }

    /// <summary>The state after an entry; null if the ledger was deleted by it.</summary>
    /// <param name="before">The state before it, if there is one.</param>
    /// <param name="entry">What <see cref="Encode"/>, <see cref="EncodeChange"/> or <see cref="Deletion"/> gave; its checksum holds.</param>
    /// <exception cref="InvalidDataException">It is not an entry that this build knows.</exception>
    public static LedgerRecord? Apply(LedgerRecord? before, ReadOnlyMemory<byte> entry)
    {
        using BinaryReader from = new(new MemoryStream(entry.ToArray()), Encoding.UTF8);
        try
        {
            byte kind = from.ReadByte();
            LedgerRecord? after = kind switch
            {
                Whole => ReadWhole(from),
                Change => ReadChange(from, before ?? throw new InvalidDataException("a change stands before any state")),
                Deleted => null,
                _ => throw new InvalidDataException($"an entry is of kind {kind}"),
            };
            RequireSense(after);
            return from.BaseStream.Position == from.BaseStream.Length ? after : throw new InvalidDataException("an entry goes on behind its end");
        }
        catch (Exception e) when (e is IOException or FormatException or DistAttentionException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"an entry cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What everybody who gets a ledger counts on.</summary>
    private static void RequireSense(LedgerRecord? record)
    {
        if (record is null)
        {
            return;
        }

        // Rows of another arithmetic are refused by whoever wants to compute with them, and listed like any others.
        (record.Spec with { ArithmeticVersion = SequenceFormat.ArithmeticVersion }).Validate();
        if (record.Length < 0 || record.Epoch < 0 || record.Fence < 0 || record.Length > (long)record.Shards.Length * record.Spec.ShardLength)
        {
            throw new InvalidDataException($"{record.Length} positions of epoch {record.Epoch} in {record.Shards.Length} shards cannot be");
        }
    }

    private static LedgerRecord ReadWhole(BinaryReader from)
    {
        LedgerRecord record = new()
        {
            Id = new SequenceId(from.ReadString()),
            Uid = new Guid(from.ReadBytes(16)),
            Spec = SpecCodec.Read(from),
        };
        record = ReadState(from, record);
        record = record with { Shards = ReadShards(from, []) };
        return record with { Operations = ReadOperations(from, OperationWindow.StartingAt(from.ReadInt64())) };
    }

    private static LedgerRecord ReadChange(BinaryReader from, LedgerRecord before)
    {
        LedgerRecord record = ReadState(from, before);
        record = record with { Shards = ReadShards(from, before.Shards) };
        return record with { Operations = ReadOperations(from, before.Operations) };
    }

    private static void WriteState(BinaryWriter to, LedgerRecord record)
    {
        to.Write(record.Epoch);
        to.Write(record.Length);
        to.Write(record.Fence);
        if (record.Spec.TimeToLive is not null)
        {
            to.Write(record.UsedAt.UtcTicks);
        }
    }

    private static LedgerRecord ReadState(BinaryReader from, LedgerRecord record) => record with
    {
        Epoch = from.ReadInt64(),
        Length = from.ReadInt64(),
        Fence = from.ReadInt64(),
        UsedAt = record.Spec.TimeToLive is null ? default : new DateTimeOffset(from.ReadInt64(), TimeSpan.Zero),
    };

    private static void WriteShards(BinaryWriter to, ImmutableArray<ShardEntry> shards, int from)
    {
        to.Write7BitEncodedInt(shards.Length);
        to.Write7BitEncodedInt(from);
        foreach (ShardEntry shard in shards.AsSpan()[from..])
        {
            to.Write(shard.Id.Sequence.ToByteArray());
            to.Write(shard.Id.Generation);
            to.Write(shard.Owner.Value);
        }
    }

    private static ImmutableArray<ShardEntry> ReadShards(BinaryReader from, ImmutableArray<ShardEntry> before)
    {
        int count = from.Read7BitEncodedInt();
        int same = from.Read7BitEncodedInt();
        if (same > before.Length || same > count)
        {
            throw new InvalidDataException($"{same} shards are said to be as before, of {before.Length}");
        }

        ImmutableArray<ShardEntry>.Builder shards = ImmutableArray.CreateBuilder<ShardEntry>();
        shards.AddRange(before[..same]);
        for (int index = same; index < count; index++)
        {
            ShardId id = new(new Guid(from.ReadBytes(16)), index, from.ReadInt64());
            shards.Add(new ShardEntry(id, new OwnerId(from.ReadString())));
        }

        return shards.ToImmutable();
    }

    private static void WriteOperations(BinaryWriter to, IReadOnlyCollection<(OperationId Id, PositionRange Rows)> operations)
    {
        to.Write7BitEncodedInt(operations.Count);
        foreach ((OperationId id, PositionRange rows) in operations)
        {
            to.Write(id.Value.ToByteArray());
            to.Write(rows.Start);
            to.Write(rows.End);
        }
    }

    private static OperationWindow ReadOperations(BinaryReader from, OperationWindow window)
    {
        int count = from.Read7BitEncodedInt();
        for (int i = 0; i < count; i++)
        {
            OperationId id = new(new Guid(from.ReadBytes(16)));
            window = window.Add(id, new PositionRange(from.ReadInt64(), from.ReadInt64()));
        }

        return window;
    }
}
