using System.Buffers.Binary;
using DistAttention.Storage.Logs;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>A segment whose checksums hold all the same, as somebody would make it who means harm: its numbers are not believed.</summary>
internal sealed class SealedLogTarget : LogTarget
{
    public override byte[] Make(Random chance)
    {
        byte[] bytes = base.Make(chance);
        Checksums.SetAtEnd(bytes, 0, SegmentHeader.Length);
        for (long at = SegmentHeader.Length; at >= 0 && at + RecordHeader.Length <= bytes.Length;)
        {
            Span<byte> record = bytes.AsSpan((int)at);
            long payload = BinaryPrimitives.ReadInt64LittleEndian(record[56..]);
            if (payload >= 0 && payload <= record.Length - RecordHeader.Length && chance.Next(8) > 0)
            {
                Checksums.Set(record, 64, record.Slice(RecordHeader.Length, (int)payload));
            }

            BinaryPrimitives.WriteInt64LittleEndian(record[8..], at);
            Checksums.SetAtEnd(bytes, (int)at, RecordHeader.Length);
            at = payload < 0 ? -1 : Math.Min(at + RecordHeader.Length + payload, bytes.Length); // each is found where the one before ends
        }

        return bytes;
    }

    public override void Read(byte[] input)
    {
        foreach (int row in ReadRows(Rows).Keys)
        {
            Require(row is >= 0 and < 1 << 24, $"row {row} lies in no shard");
        }
    }
}
