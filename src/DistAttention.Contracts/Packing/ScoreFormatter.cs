using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>
/// A score function: [kind, scale, soft cap, slopes, relative bias, sinks, first table of the kind, second table of the
/// kind]; what a score does not have is nil, and trailing nils are left out.
/// </summary>
internal sealed class ScoreFormatter : IMessagePackFormatter<ScoreFunction?>
{
    private const int ScaledDot = 0;
    private const int Dot = 1;
    private const int Multiplicative = 2;
    private const int Additive = 3;

    /// <summary>Fields that every version writes.</summary>
    private const int FewestFields = 2;
    private const int AllFields = 8;

    public void Serialize(ref MessagePackWriter writer, ScoreFunction? value, MessagePackSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        (int kind, float? scale, FloatTable? first, FloatTable? second) = value switch
        {
            ScaledDotScore scaled => (ScaledDot, scaled.SmScale, (FloatTable?)null, (FloatTable?)null),
            DotScore => (Dot, null, null, null),
            MultiplicativeScore multiplicative => (Multiplicative, multiplicative.SmScale, multiplicative.Weights, null),
            AdditiveScore additive => (Additive, null, additive.V, additive.QueryProjection),
            _ => throw new MessagePackSerializationException($"score {value} has no wire form"),
        };
        bool isPlain = kind is ScaledDot or Dot && value is { SoftCap: null, AlibiSlopes: null, RelativeBias: null, SinkLogits: null };
        writer.WriteArrayHeader(isPlain ? FewestFields : AllFields);
        writer.Write(kind);
        Write(ref writer, scale);
        if (isPlain)
        {
            return;
        }

        Write(ref writer, value.SoftCap);
        TableFormat.Write(ref writer, value.AlibiSlopes);
        TableFormat.Write(ref writer, value.RelativeBias?.Table);
        TableFormat.Write(ref writer, value.SinkLogits);
        TableFormat.Write(ref writer, first);
        TableFormat.Write(ref writer, second);
    }

    public ScoreFunction? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        options.Security.DepthStep(ref reader);
        int count = FewestFields + Fields.Begin(ref reader, FewestFields, "a score");
        int kind = reader.ReadInt32();
        float? scale = ReadNumber(ref reader);
        bool more = count >= AllFields;
        float? softCap = more ? ReadNumber(ref reader) : null;
        FloatTable? slopes = more ? TableFormat.Read(ref reader) : null;
        FloatTable? bias = more ? TableFormat.Read(ref reader) : null;
        FloatTable? sinks = more ? TableFormat.Read(ref reader) : null;
        FloatTable? first = more ? TableFormat.Read(ref reader) : null;
        FloatTable? second = more ? TableFormat.Read(ref reader) : null;
        Fields.End(ref reader, count - (more ? AllFields : FewestFields));
        reader.Depth--;
        ScoreFunction score = kind switch
        {
            ScaledDot when scale is null && !more => ScoreFunction.ScaledDot,
            ScaledDot => new ScaledDotScore { SmScale = scale },
            Dot => ScoreFunction.Dot,
            Multiplicative when first is not null => new MultiplicativeScore(first) { SmScale = scale ?? 1 },
            Additive when first is not null => new AdditiveScore(first, second),
            Multiplicative or Additive => throw new MessagePackSerializationException("a score lacks its table"),
            _ => throw new MessagePackSerializationException($"score kind {kind} is not known"),
        };
        return more
            ? score with { SoftCap = softCap, AlibiSlopes = slopes, RelativeBias = bias is null ? null : new RelativeBias(bias), SinkLogits = sinks }
            : score;
    }

    private static void Write(ref MessagePackWriter writer, float? value)
    {
        if (value is { } some)
        {
            writer.Write(some);
        }
        else
        {
            writer.WriteNil();
        }
    }

    private static float? ReadNumber(ref MessagePackReader reader) => reader.TryReadNil() ? null : reader.ReadSingle();
}
