using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>A plan, its visits in a nested array.</summary>
internal sealed class PlanFormatter : IMessagePackFormatter<AttentionPlan?>
{
    private const int PlanFields = 8;
    private const int VisitFields = 15;

    public void Serialize(ref MessagePackWriter writer, AttentionPlan? value, MessagePackSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteArrayHeader(PlanFields);
        writer.Write(value.Sequence.Value);
        writer.Write(value.Snapshot.Epoch);
        writer.Write(value.Snapshot.Length);
        writer.Write(value.Mask);
        Fields.WriteRange(ref writer, value.Queries);
        writer.Write(value.TileRows);
        writer.WriteArrayHeader(value.Visits.Count);
        foreach (ShardVisit visit in value.Visits)
        {
            Write(ref writer, visit);
        }
    }

    public AttentionPlan? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        options.Security.DepthStep(ref reader);
        int rest = Fields.Begin(ref reader, PlanFields, "a plan");
        string sequence = Fields.ReadText(ref reader);
        SequenceSnapshot snapshot = new(reader.ReadInt64(), reader.ReadInt64());
        string mask = Fields.ReadText(ref reader);
        PositionRange queries = Fields.ReadRange(ref reader);
        int tileRows = reader.ReadInt32();
        int count = reader.ReadArrayHeader();
        List<ShardVisit> visits = [];
        for (int i = 0; i < count; i++)
        {
            visits.Add(ReadVisit(ref reader));
        }

        Fields.End(ref reader, rest);
        reader.Depth--;
        return new AttentionPlan { Sequence = sequence, Snapshot = snapshot, Mask = mask, Queries = queries, TileRows = tileRows, Visits = visits };
    }

    private static void Write(ref MessagePackWriter writer, ShardVisit visit)
    {
        writer.WriteArrayHeader(VisitFields);
        Fields.WriteRange(ref writer, visit.Queries);
        writer.Write(visit.Shard);
        writer.Write(visit.Owner);
        Fields.WriteRange(ref writer, visit.Positions);
        writer.Write((int)visit.Coverage);
        writer.Write(visit.BlocksFull);
        writer.Write(visit.BlocksMasked);
        writer.Write(visit.BlocksSkipped);
        writer.Write(visit.SkipReason);
        writer.Write((long)(visit.UnmaskedPairs >> 64));
        writer.Write((ulong)visit.UnmaskedPairs);
        writer.Write(visit.KvBytes);
        writer.Write(visit.Flops);
    }

    private static ShardVisit ReadVisit(ref MessagePackReader reader)
    {
        int rest = Fields.Begin(ref reader, VisitFields, "a visit");
        ShardVisit visit = new()
        {
            Queries = Fields.ReadRange(ref reader),
            Shard = reader.ReadInt32(),
            Owner = Fields.ReadText(ref reader),
            Positions = Fields.ReadRange(ref reader),
            Coverage = (Coverage)reader.ReadInt32(),
            BlocksFull = reader.ReadInt32(),
            BlocksMasked = reader.ReadInt32(),
            BlocksSkipped = reader.ReadInt32(),
            SkipReason = Fields.ReadText(ref reader),
            UnmaskedPairs = new Int128((ulong)reader.ReadInt64(), reader.ReadUInt64()),
            KvBytes = reader.ReadInt64(),
            Flops = reader.ReadDouble(),
        };
        Fields.End(ref reader, rest);
        return visit;
    }
}
