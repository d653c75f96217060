using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>A sequence's shape and storage: [query heads, K/V heads, head size, value head size, storage, shard length, mask, expected length, arithmetic].</summary>
internal sealed class SpecFormatter : IMessagePackFormatter<SequenceSpec?>
{
    private const int Count = 9;

    public void Serialize(ref MessagePackWriter writer, SequenceSpec? value, MessagePackSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteArrayHeader(Count);
        writer.Write(value.NumHeadsQ);
        writer.Write(value.NumHeadsKv);
        writer.Write(value.HeadDim);
        writer.Write(value.HeadDimV);
        writer.Write((int)value.KvType);
        writer.Write(value.ShardLength);
        options.Resolver.GetFormatterWithVerify<AttentionMask?>().Serialize(ref writer, value.ExpectedMask, options);
        Fields.WriteNullable(ref writer, value.ExpectedLength);
        writer.Write(value.ArithmeticVersion);
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
        Fields.End(ref reader, rest);
        reader.Depth--;
        spec.Validate();
        return spec;
    }
}
