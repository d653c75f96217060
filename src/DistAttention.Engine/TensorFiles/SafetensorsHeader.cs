using System.Buffers.Binary;
using System.Text.Json;

namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// The header of a .safetensors file: its length in 8 bytes, then a JSON object of name → { dtype, shape, data_offsets }, then the
/// data, every byte of which belongs to exactly one tensor. Source: the format section of huggingface/safetensors' README.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The bytes that the length of the JSON takes.</summary>
    public const int PrefixLength = 8;

    private const int MaxLength = 100_000_000; // the format's own limit

    /// <summary>The name that is no tensor's.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>Finds one tensor, after holding the whole header against the length of the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The tensor's name; null for the only one of the file.</param>
    /// <param name="integers">Whether booleans and integers are wanted, instead of floating-point numbers.</param>
    /// <param name="metadata">Receives the texts that go with the tensors; what is no text is left out.</param>
    public static TensorLayout Read(BoundedFile file, string? name, bool integers, out IReadOnlyDictionary<string, string> metadata)
    {
        if (file.Length < PrefixLength)
        {
            throw file.Error("is truncated: it is too short for a .safetensors header");
        }

        Span<byte> prefix = stackalloc byte[PrefixLength];
        file.ReadExactly(0, prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)(file.Length - PrefixLength))
        {
            throw file.Error($"is truncated or no .safetensors file: it declares a header of {length:N0} bytes, but holds {file.Length - PrefixLength:N0}");
        }

        if (length > MaxLength)
        {
            throw file.Error($"has a .safetensors header of {length:N0} bytes; at most {MaxLength:N0} are read");
        }

        byte[] json = new byte[length];
        file.ReadExactly(PrefixLength, json);
        long dataOffset = PrefixLength + (long)length;
        IReadOnlyList<SafetensorsEntry> entries = Read(file, json, file.Length - dataOffset, out metadata);
        return Find(file, entries, name).ToLayout(file, dataOffset, integers);
    }

    /// <summary>The tensors of a header, in the order of their data, between which there is no gap.</summary>
    /// <param name="file">For errors.</param>
    /// <param name="json">The header, without its length.</param>
    /// <param name="dataLength">Bytes behind it, all of which its tensors must take; null if something else may follow.</param>
    /// <param name="metadata">Receives the texts that go with the tensors; what is no text is left out.</param>
    public static IReadOnlyList<SafetensorsEntry> Read(ITensorSource file, ReadOnlySpan<byte> json, long? dataLength, out IReadOnlyDictionary<string, string> metadata)
    {
        Dictionary<string, string> texts = [];
        List<SafetensorsEntry> entries = [.. Parse(file, json, texts).OrderBy(static e => e.Begin).ThenBy(static e => e.End)];
        metadata = texts;
        RequireGapless(file, entries, dataLength);
        return entries;
    }

    /// <summary>How the format spells a type.</summary>
    public static string NameOf(TensorDataType type) => type switch
    {
        TensorDataType.Float32 => "F32",
        TensorDataType.Float16 => "F16",
        TensorDataType.BFloat16 => "BF16",
        _ => "F64",
    };

    private static List<SafetensorsEntry> Parse(ITensorSource file, ReadOnlySpan<byte> json, Dictionary<string, string> metadata)
    {
        List<SafetensorsEntry> entries = [];
        HashSet<string> names = [];
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
            Require(reader.Read() && reader.TokenType == JsonTokenType.StartObject && json[0] == '{', "is no JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                Require(names.Add(name), $"names {UntrustedText.Quote(name)} twice");
                Require(reader.Read(), "ends early");
                if (name == MetadataName)
                {
                    ReadTexts(ref reader, metadata);
                }
                else
                {
                    entries.Add(SafetensorsEntry.Parse(file, name, ref reader));
                }
            }

            Require(!reader.Read(), "goes on after its end"); // false, or throws, unless only spaces follow
            return entries;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw file.Error("has a .safetensors header that is not valid JSON", error);
        }

        void Require(bool condition, string problem)
        {
            if (!condition)
            {
                throw file.Error($"has a .safetensors header that {problem}");
            }
        }
    }

    private static void ReadTexts(ref Utf8JsonReader reader, Dictionary<string, string> texts)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                texts[key] = reader.GetString()!;
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void RequireGapless(ITensorSource file, List<SafetensorsEntry> entries, long? dataLength)
    {
        long end = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Begin != end || entry.End < entry.Begin)
            {
                throw file.Error($"places {UntrustedText.Quote(entry.Name)} at bytes {entry.Begin:N0} to {entry.End:N0} of its data, but the tensor before it ends at {end:N0}");
            }

            end = entry.End;
        }

        if (dataLength is { } held && end != held)
        {
            throw file.Error(end > held
                ? $"is truncated: its tensors take {end:N0} bytes, but it holds {held:N0}"
                : $"has {held - end:N0} bytes after its last tensor");
        }
    }

    private static SafetensorsEntry Find(ITensorSource file, IReadOnlyList<SafetensorsEntry> entries, string? name)
    {
        if (name is null && entries.Count == 1)
        {
            return entries[0];
        }

        if (name is not null && entries.FirstOrDefault(e => e.Name == name) is { } found)
        {
            return found;
        }

        const int shown = 6;
        string names = string.Join(", ", entries.Take(shown).Select(static e => UntrustedText.Quote(e.Name)));
        string has = entries.Count == 0 ? "it holds no tensor" : $"it holds {names}{(entries.Count > shown ? $" and {entries.Count - shown:N0} more" : "")}";
        throw file.Error(name is null ? $"needs the name of a tensor (file.safetensors:name); {has}" : $"holds no such tensor; {has}");
    }
}
