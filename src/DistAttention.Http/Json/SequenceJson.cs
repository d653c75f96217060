using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DistAttention.Http.Problems;

namespace DistAttention.Http;

/// <summary>Sequences as JSON, and what is asked for as a sequence.</summary>
internal static class SequenceJson
{
    /// <summary>More than a sequence may live, and a length of time all the same.</summary>
    private const double MostSeconds = 1e11;

    /// <summary>What is known of a sequence.</summary>
    public static JsonObject Of(SequenceInfo info) => new()
    {
        ["id"] = info.Id.Value,
        ["epoch"] = info.Snapshot.Epoch,
        ["length"] = info.Length,
        ["shardCount"] = info.ShardCount,
        ["residentBytes"] = info.ResidentBytes,
        ["expiresAt"] = info.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        ["spec"] = Of(info.Spec),
    };

    /// <summary>A committed state.</summary>
    public static JsonObject Of(SequenceSnapshot snapshot) => new() { ["epoch"] = snapshot.Epoch, ["length"] = snapshot.Length };

    /// <summary>A shape; a key projection without its numbers.</summary>
    public static JsonObject Of(SequenceSpec spec) => new()
    {
        ["numHeadsQ"] = spec.NumHeadsQ,
        ["numHeadsKv"] = spec.NumHeadsKv,
        ["headDim"] = spec.HeadDim,
        ["headDimV"] = spec.HeadDimV,
        ["kvType"] = KvTypes.Name(spec.KvType),
        ["shardLength"] = spec.ShardLength,
        ["expectedMask"] = spec.ExpectedMask.ToString(),
        ["expectedLength"] = spec.ExpectedLength,
        ["valueFromKeyPrefix"] = spec.ValueFromKeyPrefix,
        ["keyProjection"] = spec.KeyProjection is { } table ? new JsonObject { ["shape"] = new JsonArray([.. table.Shape.ToArray().Select(static d => JsonValue.Create(d))]) } : null,
        ["rope"] = spec.Rope is { } rope ? Of(rope) : null,
        ["timeToLiveSeconds"] = spec.TimeToLive?.TotalSeconds,
        ["arithmeticVersion"] = spec.ArithmeticVersion,
    };

    /// <summary>A shape that was sent.</summary>
    public static SequenceSpec Read(JsonFields fields)
    {
        SequenceSpec spec = new()
        {
            NumHeadsQ = fields.Int("numHeadsQ") ?? 1,
            NumHeadsKv = fields.Int("numHeadsKv") ?? 1,
            HeadDim = fields.Int("headDim") ?? throw fields.Missing("headDim"),
            HeadDimV = fields.Int("headDimV") ?? 0,
            KvType = fields.Text("kvType") is { } type ? Parsed(fields, "kvType", type, KvTypes.Parse) : KvDataType.Float32,
            ExpectedMask = fields.Text("expectedMask") is { } mask ? AttentionMask.Parse(mask) : AttentionMask.Causal,
            ExpectedLength = fields.WholeNumber("expectedLength", 0, long.MaxValue),
            ValueFromKeyPrefix = fields.Flag("valueFromKeyPrefix") ?? false,
            TimeToLive = fields.Number("timeToLiveSeconds") is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, -1, MostSeconds)) : null,
            ArithmeticVersion = fields.Int("arithmeticVersion") ?? SequenceFormat.ArithmeticVersion,
            KeyProjection = fields.Object("keyProjection") is { } projection ? Table(projection) : null,
        };
        spec = fields.Int("shardLength") is { } shardLength ? spec with { ShardLength = shardLength } : spec;
        spec = spec with { Rope = Rope(fields, spec.StoredHeadDim) };
        fields.End();
        spec.Validate();
        return spec;
    }

    private static JsonObject Of(RotaryEmbedding rope) => new()
    {
        ["inverseFrequencies"] = new JsonArray([.. rope.InverseFrequencies.ToArray().Select(static f => JsonValue.Create(f))]),
        ["firstDim"] = rope.FirstDim,
        ["layout"] = rope.Layout.ToString().ToLowerInvariant(),
        ["attentionFactor"] = rope.AttentionFactor,
    };

    /// <summary>A rotation: as on the command line, or its frequencies.</summary>
    private static RotaryEmbedding? Rope(JsonFields fields, int headDim)
    {
        if (fields.Any("rope") is not { } rope)
        {
            return null;
        }

        if (rope.ValueKind == JsonValueKind.String)
        {
            return Parsed(fields, "rope", rope.GetString()!, text => RopeText.Parse(text).For(headDim));
        }

        JsonFields given = new(rope, fields.PathOf("rope"));
        RotaryEmbedding read = new(given.Numbers("inverseFrequencies") ?? throw given.Missing("inverseFrequencies"))
        {
            FirstDim = given.Int("firstDim") ?? 0,
            Layout = given.Text("layout") switch
            {
                null or "half" => RopeLayout.Half,
                "interleaved" => RopeLayout.Interleaved,
                { } other => throw HttpProblemException.Json(given.PathOf("layout"), $"'{other}' is not half or interleaved"),
            },
            AttentionFactor = given.Number("attentionFactor") ?? 1,
        };
        given.End();
        return read;
    }

    private static FloatTable Table(JsonFields fields)
    {
        double[] shape = fields.Numbers("shape") ?? throw fields.Missing("shape");
        double[] values = fields.Numbers("values") ?? throw fields.Missing("values");
        fields.End();
        return FloatTable.Of(Array.ConvertAll(values, static v => (float)v), Array.ConvertAll(shape, static d => (int)Math.Clamp(d, -1, int.MaxValue)));
    }

    private static T Parsed<T>(JsonFields fields, string name, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException error)
        {
            throw HttpProblemException.Json(fields.PathOf(name), error.Message);
        }
    }
}
