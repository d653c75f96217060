using System.Buffers.Binary;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Logs;
using DistAttention.Storage.Postgres;
using DistAttention.Testing;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>A row of the table of records, header and payload one after the other: what was written, or refused.</summary>
internal class RecordRowTarget : FuzzTarget
{
    private const string Table = "records";

    private static readonly AttentionProblem _problem = new() { Seed = 322, NumHeadsKv = 2, HeadDim = 5, HeadDimV = 3, Length = 10, KvType = KvDataType.Float16 };
    private static readonly ShardId _id = new(SeededGuids.Make(2000), 2, 1);

    private readonly RecordRow _row;
    private readonly byte[] _good;
    private readonly Mutator _mutator;

    public RecordRowTarget()
    {
        ShardWrite write = SomeRows.Write(_problem, _id, 5, 2001, 20, 0, 10);
        _good = new byte[RecordParts.LongestRecord(Shard.Layout, write)];
        RecordHeader header = RecordParts.Encode(Shard.Layout, write, 0, (17, 0), _good);
        _row = new RecordRow(17, 5, 99, 20, 10, header.PayloadLength);
        _mutator = new Mutator([_good]);
    }

    /// <summary>The shard that the row is of.</summary>
    protected static SegmentHeader Shard { get; } = new(_id, SomeRows.Spec(_problem));

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input)
    {
        Read(_row with { PayloadLength = PayloadOf(input).Length }, input);
        Require(_good.AsSpan().SequenceEqual(input), "a row that was never written");
    }

    /// <summary>Reads as the store does: the header by the columns, the payload by the header.</summary>
    protected static RecordHeader Read(RecordRow row, byte[] input)
    {
        RecordHeader read = row.ReadHeader(Table, Shard, input[..Math.Min(RecordHeader.Length, input.Length)]);
        using RecordRows memory = new(Shard.Layout, read.Count);
        PayloadOf(input).CopyTo(memory.Payload);
        row.CheckPayload(Table, Shard, read, memory.Payload.Span);
        memory.Rows(read.Count);
        return read;
    }

    /// <summary>The columns as written.</summary>
    protected RecordRow Written => _row;

    /// <summary>The payload's part of an input.</summary>
    protected static Memory<byte> PayloadOf(byte[] input) => input.AsMemory(Math.Min(RecordHeader.Length, input.Length));
}

/// <summary>A row whose checksums hold, and whose columns say what its header says: as somebody would have it who changes both.</summary>
internal sealed class SealedRecordRowTarget : RecordRowTarget
{
    public override byte[] Make(Random chance)
    {
        byte[] bytes = base.Make(chance);
        if (bytes.Length >= RecordHeader.Length)
        {
            Checksums.Set(bytes, 64, bytes.AsSpan(RecordHeader.Length));
            Checksums.SetAtEnd(bytes, 0, RecordHeader.Length);
        }

        return bytes;
    }

    public override void Read(byte[] input)
    {
        RecordRow told = input.Length < RecordHeader.Length
            ? Written
            : Written with
            {
                Fence = BinaryPrimitives.ReadInt64LittleEndian(input.AsSpan(24)),
                FirstIdx = BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(48)),
                Count = BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(52)),
                PayloadLength = PayloadOf(input).Length,
            };
        RecordHeader read = Read(told, input);
        Require(read.FirstIdx >= 0 && read.FirstIdx <= Shard.Spec.ShardLength - read.Count, $"rows from {read.FirstIdx} lie outside of the shard");
    }
}

/// <summary>The header of a shard in its row: what was written, or refused.</summary>
internal class ShardRowTarget : FuzzTarget
{
    private static readonly ShardId _id = new(SeededGuids.Make(2002), 2, 1);
    private static readonly SequenceSpec _spec = SomeRows.Spec(new AttentionProblem { Seed = 322, NumHeadsKv = 2, HeadDim = 5, HeadDimV = 3, Length = 10, KvType = KvDataType.Float16 });

    private readonly Mutator _mutator = new([ShardRow.HeaderOf(_id, _spec)]);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input) => Require(Decode(input) == new SegmentHeader(_id, _spec), "a header that was never written");

    /// <summary>The header that was read.</summary>
    protected static SegmentHeader Decode(byte[] input) => ShardRow.Decode("shards", _id, 1, input).Header;
}

/// <summary>The header of a shard whose checksum holds.</summary>
internal sealed class SealedShardRowTarget : ShardRowTarget
{
    public override byte[] Make(Random chance)
    {
        byte[] bytes = base.Make(chance);
        Checksums.SetAtEnd(bytes, 0, SegmentHeader.Length);
        return bytes;
    }

    public override void Read(byte[] input) => Decode(input).Spec.Validate();
}
