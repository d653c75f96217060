using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>A score function: [kind, fields of the kind…].</summary>
internal sealed class ScoreFormatter : IMessagePackFormatter<ScoreFunction?>
{
    private const int ScaledDot = 0;

    public void Serialize(ref MessagePackWriter writer, ScoreFunction? value, MessagePackSerializerOptions options)
    {
        if (value is not ScaledDotScore scaled)
        {
            throw new MessagePackSerializationException($"score {value} has no wire form");
        }

        writer.WriteArrayHeader(2);
        writer.Write(ScaledDot);
        if (scaled.SmScale is { } scale)
        {
            writer.Write(scale);
        }
        else
        {
            writer.WriteNil();
        }
    }

    public ScoreFunction? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        options.Security.DepthStep(ref reader);
        int rest = Fields.Begin(ref reader, 2, "a score");
        int kind = reader.ReadInt32();
        if (kind != ScaledDot)
        {
            throw new MessagePackSerializationException($"score kind {kind} is not known");
        }

        float? scale = reader.TryReadNil() ? null : reader.ReadSingle();
        Fields.End(ref reader, rest);
        reader.Depth--;
        return scale is null ? ScoreFunction.ScaledDot : new ScaledDotScore { SmScale = scale };
    }
}
