using System.Globalization;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Storage.Moving;

/// <summary>A sequence's spec as the texts beside its tensors in a <c>.safetensors</c> file.</summary>
internal static class SpecTexts
{
    private const string Format = "distattention.format";
    private const string FormatVersion = "1";
    private const string Prefix = "distattention.";

    public static Dictionary<string, string> Of(SequenceId id, SequenceSpec spec)
    {
        Dictionary<string, string> texts = new()
        {
            [Format] = FormatVersion,
            [Prefix + "sequence"] = id.Value,
            [Prefix + "num_heads_q"] = Text(spec.NumHeadsQ),
            [Prefix + "num_heads_kv"] = Text(spec.NumHeadsKv),
            [Prefix + "head_dim"] = Text(spec.HeadDim),
            [Prefix + "head_dim_v"] = Text(spec.HeadDimV),
            [Prefix + "kv_type"] = spec.KvType.ToString().ToLowerInvariant(),
            [Prefix + "shard_length"] = Text(spec.ShardLength),
            [Prefix + "expected_mask"] = spec.ExpectedMask.ToString(),
            [Prefix + "arithmetic_version"] = Text(spec.ArithmeticVersion),
        };
        if (spec.ExpectedLength is { } length)
        {
            texts[Prefix + "expected_length"] = Text(length);
        }

        if (spec.KvType == KvDataType.Int8)
        {
            texts["note"] = "k and v were stored as int8 with one scale per position and head; these are the values that this stands for, and storing them as int8 gives the same codes and scales";
        }

        return texts;
    }

    /// <summary>The spec that a file was exported with; null if it does not say.</summary>
    /// <param name="file">One of its tensors, for messages.</param>
    /// <exception cref="TensorFileException">What it says cannot be read.</exception>
    public static SequenceSpec? TryRead(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(Format, out string? version))
        {
            return null;
        }

        if (version != FormatVersion)
        {
            throw new TensorFileException(file.Name, $"was exported by a newer build, in another form than {FormatVersion}");
        }

        try
        {
            SequenceSpec spec = new()
            {
                NumHeadsQ = Number(file, "num_heads_q"),
                NumHeadsKv = Number(file, "num_heads_kv"),
                HeadDim = Number(file, "head_dim"),
                HeadDimV = Number(file, "head_dim_v"),
                KvType = TypeOf(file, Required(file, "kv_type")),
                ShardLength = Number(file, "shard_length"),
                ExpectedMask = AttentionMask.Parse(Required(file, "expected_mask")),
                ExpectedLength = file.Metadata.TryGetValue(Prefix + "expected_length", out string? length) && long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out long positions) ? positions : null,
                ArithmeticVersion = Number(file, "arithmetic_version"),
            };
            spec.Validate();
            return spec;
        }
        catch (Exception e) when (e is InvalidSpecException or MaskSyntaxException)
        {
            throw new TensorFileException(file.Name, $"describes a sequence that cannot be: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Required(TensorFile file, string key) =>
        file.Metadata.TryGetValue(Prefix + key, out string? text) ? text : throw new TensorFileException(file.Name, $"was exported without {Prefix}{key}");

    private static int Number(TensorFile file, string key) =>
        int.TryParse(Required(file, key), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new TensorFileException(file.Name, $"has a {Prefix}{key} that is not a whole number");

    private static KvDataType TypeOf(TensorFile file, string text)
    {
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            if (type.ToString().ToLowerInvariant() == text)
            {
                return type;
            }
        }

        throw new TensorFileException(file.Name, $"has a {Prefix}kv_type that is not a storage type");
    }
}
