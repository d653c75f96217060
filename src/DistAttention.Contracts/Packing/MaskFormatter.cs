using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>A mask: [kind, fields of the kind…].</summary>
internal sealed class MaskFormatter : IMessagePackFormatter<AttentionMask?>
{
    private const int Full = 0;
    private const int Causal = 1;

    public void Serialize(ref MessagePackWriter writer, AttentionMask? value, MessagePackSerializerOptions options)
    {
        writer.WriteArrayHeader(1);
        writer.Write(value switch
        {
            FullMask => Full,
            CausalMask => Causal,
            _ => throw new MessagePackSerializationException($"mask {value} has no wire form"),
        });
    }

    public AttentionMask? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        options.Security.DepthStep(ref reader);
        int rest = Fields.Begin(ref reader, 1, "a mask");
        int kind = reader.ReadInt32();
        Fields.End(ref reader, rest);
        reader.Depth--;
        return kind switch
        {
            Full => AttentionMask.Full,
            Causal => AttentionMask.Causal,
            _ => throw new MessagePackSerializationException($"mask kind {kind} is not known"),
        };
    }
}
