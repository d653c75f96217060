using System.Buffers.Binary;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Logs;
using DistAttention.Storage.Postgres;

namespace DistAttention.Storage.Tests.Fuzzing;

/// <summary>Rows of the table of records that are not what was written.</summary>
public sealed class RecordRowFuzzTests
{
    private const string Table = "records";

    private static readonly AttentionProblem _problem = new() { Seed = 322, NumHeadsKv = 2, HeadDim = 5, HeadDimV = 3, Length = 10, KvType = KvDataType.Float16 };
    private static readonly ShardId _id = new(Guid.NewGuid(), 2, 1);
    private static readonly SegmentHeader _shard = new(_id, _problem.Spec());

    [Fact]
    public void ARowIsReadRightOrRefused()
    {
        (RecordRow row, byte[] header, byte[] payload) = Make();
        byte[] good = [.. header, .. payload];
        FuzzRun.Run(chance => Mutator.Mutate(good, chance), bytes =>
        {
            (byte[] h, byte[] p) = Split(bytes);
            Read(row with { PayloadLength = p.Length }, h, p);
            Assert.Equal(good, bytes);
        });
    }

    [Fact]
    public void ARowWhoseChecksumsHoldIsNotBelievedAnything()
    {
        (RecordRow row, byte[] header, byte[] payload) = Make();
        byte[] good = [.. header, .. payload];
        FuzzRun.Run(
            chance =>
            {
                byte[] bytes = Mutator.Mutate(good, chance);
                if (bytes.Length >= RecordHeader.Length)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(64), Crc32C.Of(bytes.AsSpan(RecordHeader.Length)));
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(RecordHeader.Length - 4), Crc32C.Of(bytes.AsSpan(0, RecordHeader.Length - 4)));
                }

                return bytes;
            },
            bytes =>
            {
                // The columns say what the header says, as somebody would have it who changes both.
                (byte[] h, byte[] p) = Split(bytes);
                RecordRow told = h.Length < RecordHeader.Length
                    ? row
                    : row with { Fence = BinaryPrimitives.ReadInt64LittleEndian(h.AsSpan(24)), FirstIdx = BinaryPrimitives.ReadInt32LittleEndian(h.AsSpan(48)), Count = BinaryPrimitives.ReadInt32LittleEndian(h.AsSpan(52)), PayloadLength = p.Length };
                RecordHeader read = Read(told, h, p);
                Assert.InRange(read.FirstIdx, 0, _shard.Spec.ShardLength - read.Count);
            });
    }

    [Fact]
    public void TheHeaderOfAShardIsReadRightOrRefused()
    {
        byte[] good = ShardRow.HeaderOf(_id, _problem.Spec());
        FuzzRun.Run(chance => Mutator.Mutate(good, chance), bytes => Assert.Equal(_shard, ShardRow.Decode("shards", _id, 1, bytes).Header));
        FuzzRun.Run(
            chance =>
            {
                byte[] bytes = Mutator.Mutate(good, chance);
                if (bytes.Length >= SegmentHeader.Length)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SegmentHeader.Length - 4), Crc32C.Of(bytes.AsSpan(0, SegmentHeader.Length - 4)));
                }

                return bytes;
            },
            static bytes => ShardRow.Decode("shards", _id, 1, bytes).Header.Spec.Validate());
    }

    private static RecordHeader Read(RecordRow row, byte[] header, byte[] payload)
    {
        RecordHeader read = row.ReadHeader(Table, _shard, header);
        using RecordRows memory = new(_shard.Layout, read.Count);
        payload.CopyTo(memory.Payload);
        row.CheckPayload(Table, _shard, read, memory.Payload.Span);
        memory.Rows(read.Count);
        return read;
    }

    private static (byte[] Header, byte[] Payload) Split(byte[] bytes)
    {
        int cut = Math.Min(RecordHeader.Length, bytes.Length);
        return (bytes[..cut], bytes[cut..]);
    }

    private static (RecordRow Row, byte[] Header, byte[] Payload) Make()
    {
        ShardWrite write = new(_id, _problem.Spec(), 5, OperationId.New(), 20, 10, _problem.K, _problem.V);
        byte[] bytes = new byte[RecordParts.LongestRecord(_shard.Layout, write)];
        RecordHeader header = RecordParts.Encode(_shard.Layout, write, 0, (17, 0), bytes);
        return (new RecordRow(17, 5, 99, 20, 10, header.PayloadLength), bytes[..RecordHeader.Length], bytes[RecordHeader.Length..]);
    }
}
