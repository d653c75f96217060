using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>
/// A sequence's shape and storage: [query heads, K/V heads, head size, value head size, storage, shard length, mask, expected
/// length, arithmetic], where it says more about keys: [… whether values are a part of them, projection, rotation], and where it says how long it
/// lives: [… ticks].
/// </summary>
internal sealed class SpecFormatter : IMessagePackFormatter<SequenceSpec?>
{
    private const int Count = 9;
    private const int KeyCount = 3;
    private const int LifeCount = 1;
    private const int RopeCount = 4;

    public void Serialize(ref MessagePackWriter writer, SequenceSpec? value, MessagePackSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        bool lives = value.TimeToLive is not null;
        bool saysMore = lives || value.ValueFromKeyPrefix || !value.StoresKeysAsGiven;
        writer.WriteArrayHeader(Count + (saysMore ? KeyCount : 0) + (lives ? LifeCount : 0));
        writer.Write(value.NumHeadsQ);
        writer.Write(value.NumHeadsKv);
        writer.Write(value.HeadDim);
        writer.Write(value.HeadDimV);
        writer.Write((int)value.KvType);
        writer.Write(value.ShardLength);
        options.Resolver.GetFormatterWithVerify<AttentionMask?>().Serialize(ref writer, value.ExpectedMask, options);
        Fields.WriteNullable(ref writer, value.ExpectedLength);
        writer.Write(value.ArithmeticVersion);
        if (saysMore)
        {
            writer.Write(value.ValueFromKeyPrefix);
            TableFormat.Write(ref writer, value.KeyProjection);
            Write(ref writer, value.Rope);
        }

        if (value.TimeToLive is { } time)
        {
            writer.Write(time.Ticks);
        }
    }

    public SequenceSpec? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        options.Security.DepthStep(ref reader);
        int rest = Fields.Begin(ref reader, Count, "a spec");
        SequenceSpec spec = new()
        {
            NumHeadsQ = reader.ReadInt32(),
            NumHeadsKv = reader.ReadInt32(),
            HeadDim = reader.ReadInt32(),
            HeadDimV = reader.ReadInt32(),
            KvType = (KvDataType)reader.ReadInt32(),
            ShardLength = reader.ReadInt32(),
            ExpectedMask = options.Resolver.GetFormatterWithVerify<AttentionMask?>().Deserialize(ref reader, options)!,
            ExpectedLength = Fields.ReadNullable(ref reader),
            ArithmeticVersion = reader.ReadInt32(),
        };
        if (rest >= KeyCount)
        {
            spec = spec with { ValueFromKeyPrefix = reader.ReadBoolean(), KeyProjection = TableFormat.Read(ref reader), Rope = ReadRope(ref reader) };
            rest -= KeyCount;
            if (rest >= LifeCount)
            {
                spec = spec with { TimeToLive = TimeSpan.FromTicks(reader.ReadInt64()) };
                rest -= LifeCount;
            }
        }

        Fields.End(ref reader, rest);
        reader.Depth--;
        spec.Validate();
        return spec;
    }

    private static void Write(ref MessagePackWriter writer, RotaryEmbedding? rope)
    {
        if (rope is null)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(RopeCount);
        TableFormat.WriteDoubles(ref writer, rope.InverseFrequencies);
        writer.Write(rope.FirstDim);
        writer.Write((int)rope.Layout);
        writer.Write(rope.AttentionFactor);
    }

    private static RotaryEmbedding? ReadRope(ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        int rest = Fields.Begin(ref reader, RopeCount, "a rotation");
        RotaryEmbedding rope = new(TableFormat.ReadDoubles(ref reader, SequenceFormat.MaxHeadDim / 2))
        {
            FirstDim = reader.ReadInt32(),
            Layout = (RopeLayout)reader.ReadInt32(),
            AttentionFactor = reader.ReadDouble(),
        };
        Fields.End(ref reader, rest);
        return rope;
    }
}
