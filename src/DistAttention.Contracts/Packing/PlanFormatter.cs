using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>A plan, its visits, owners and steps in nested arrays.</summary>
internal sealed class PlanFormatter : IMessagePackFormatter<AttentionPlan?>
{
    private const int PlanFields = 10;
    private const int VisitFields = 17;
    private const int OwnerFields = 8;
    private const int StepFields = 5;

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

        writer.WriteArrayHeader(value.Owners.Count);
        foreach (OwnerCost owner in value.Owners)
        {
            Write(ref writer, owner);
        }

        writer.WriteArrayHeader(value.Steps.Count);
        foreach (PlanStep step in value.Steps)
        {
            Write(ref writer, step);
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
        List<ShardVisit> visits = ReadList(ref reader, ReadVisit);
        List<OwnerCost> owners = ReadList(ref reader, ReadOwner);
        List<PlanStep> steps = ReadList(ref reader, ReadStep);
        Fields.End(ref reader, rest);
        reader.Depth--;
        return new AttentionPlan { Sequence = sequence, Snapshot = snapshot, Mask = mask, Queries = queries, TileRows = tileRows, Visits = visits, Owners = owners, Steps = steps };
    }

    private delegate T ItemReader<T>(ref MessagePackReader reader);

    private static List<T> ReadList<T>(ref MessagePackReader reader, ItemReader<T> read)
    {
        int count = reader.ReadArrayHeader();
        List<T> items = [];
        for (int i = 0; i < count; i++)
        {
            items.Add(read(ref reader));
        }

        return items;
    }

    private static void Write(ref MessagePackWriter writer, OwnerCost owner)
    {
        writer.WriteArrayHeader(OwnerFields);
        writer.Write(owner.Owner);
        writer.Write(owner.Tiles);
        writer.Write(owner.QueryBytes);
        writer.Write(owner.MaskBytes);
        writer.Write(owner.AnswerBytes);
        writer.Write(owner.KvBytes);
        writer.Write(owner.Flops);
        writer.Write(owner.ComputeTime.Ticks);
    }

    private static OwnerCost ReadOwner(ref MessagePackReader reader)
    {
        int rest = Fields.Begin(ref reader, OwnerFields, "an owner");
        OwnerCost owner = new()
        {
            Owner = Fields.ReadText(ref reader),
            Tiles = reader.ReadInt64(),
            QueryBytes = reader.ReadInt64(),
            MaskBytes = reader.ReadInt64(),
            AnswerBytes = reader.ReadInt64(),
            KvBytes = reader.ReadInt64(),
            Flops = reader.ReadDouble(),
            ComputeTime = TimeSpan.FromTicks(reader.ReadInt64()),
        };
        Fields.End(ref reader, rest);
        return owner;
    }

    private static void Write(ref MessagePackWriter writer, PlanStep step)
    {
        writer.WriteArrayHeader(StepFields);
        writer.Write((int)step.Kind);
        writer.Write(step.PredictedTime.Ticks);
        writer.Write(step.PredictedBytes);
        Fields.WriteNullable(ref writer, step.Actual?.Time.Ticks);
        Fields.WriteNullable(ref writer, step.Actual?.Bytes);
    }

    private static PlanStep ReadStep(ref MessagePackReader reader)
    {
        int rest = Fields.Begin(ref reader, StepFields, "a step");
        PlanStepKind kind = (PlanStepKind)reader.ReadInt32();
        (long time, long bytes) = (reader.ReadInt64(), reader.ReadInt64());
        (long? actualTime, long? actualBytes) = (Fields.ReadNullable(ref reader), Fields.ReadNullable(ref reader));
        Fields.End(ref reader, rest);
        return new PlanStep
        {
            Kind = kind,
            PredictedTime = TimeSpan.FromTicks(time),
            PredictedBytes = bytes,
            Actual = actualTime is { } ticks ? new StepActual(TimeSpan.FromTicks(ticks), actualBytes ?? 0) : null,
        };
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
        Write(ref writer, visit.UnmaskedPairs.Lower);
        writer.Write(visit.KvBytes);
        writer.Write(visit.Flops);
        Write(ref writer, visit.UnmaskedPairs.Upper);
    }

    private static void Write(ref MessagePackWriter writer, Int128 count)
    {
        writer.Write((long)(count >> 64));
        writer.Write((ulong)count);
    }

    private static Int128 ReadCount(ref MessagePackReader reader) => new((ulong)reader.ReadInt64(), reader.ReadUInt64());

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
            UnmaskedPairs = ReadCount(ref reader),
            KvBytes = reader.ReadInt64(),
            Flops = reader.ReadDouble(),
        };
        visit = visit with { UnmaskedPairs = visit.UnmaskedPairs with { Upper = ReadCount(ref reader) } };
        Fields.End(ref reader, rest);
        return visit;
    }
}
