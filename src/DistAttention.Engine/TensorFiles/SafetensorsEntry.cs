using System.Text.Json;

namespace DistAttention.Engine.TensorFiles;

/// <summary>One tensor of a .safetensors header, as declared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">Its element type, as the format spells it.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Begin">Where its data begins, from the end of the header.</param>
/// <param name="End">Where its data ends.</param>
internal sealed record SafetensorsEntry(string Name, string DataType, long[] Shape, long Begin, long End)
{
    /// <summary>Parses the value of one name; leaves the reader at its end.</summary>
    public static SafetensorsEntry Parse(ITensorSource file, string name, ref Utf8JsonReader reader)
    {
        TensorFileException Malformed() => file.Error($"declares tensor {UntrustedText.Quote(name)} without a valid dtype, shape and data_offsets");

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed();
        }

        string? dataType = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            reader.Read();
            switch (property)
            {
                case "dtype" when dataType is null && reader.TokenType == JsonTokenType.String:
                    dataType = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = Integers(ref reader, TensorLayout.MaxRank) ?? throw Malformed();
                    break;
                case "data_offsets" when offsets is null:
                    offsets = Integers(ref reader, 2) ?? throw Malformed();
                    break;
                default:
                    throw Malformed();
            }
        }

        return dataType is not null && shape is not null && offsets is [long begin, long end]
            ? new SafetensorsEntry(name, dataType, shape, begin, end)
            : throw Malformed();
    }

    /// <summary>Where the elements lie, after holding the shape against the data.</summary>
    /// <param name="file">For errors.</param>
    /// <param name="dataOffset">Where data begins.</param>
    /// <param name="integers">Whether booleans and integers are wanted, instead of floating-point numbers; null for any.</param>
    public TensorLayout ToLayout(ITensorSource file, long dataOffset, bool? integers)
    {
        integers ??= DataType is not ("F16" or "BF16" or "F32" or "F64");
        TensorDataType type = (integers, DataType) switch
        {
            (false, "F32") => TensorDataType.Float32,
            (false, "F16") => TensorDataType.Float16,
            (false, "BF16") => TensorDataType.BFloat16,
            (false, "F64") => TensorDataType.Float64,
            (true, "BOOL") => TensorDataType.Boolean,
            (true, "U8") => TensorDataType.UInt8,
            (true, "I8") => TensorDataType.Int8,
            (true, "I16") => TensorDataType.Int16,
            (true, "I32") => TensorDataType.Int32,
            (true, "I64") => TensorDataType.Int64,
            (true, _) => throw file.Error($"holds elements of type {UntrustedText.Quote(DataType)}; masks are read from BOOL, U8, I8, I16, I32 and I64"),
            _ => throw file.Error($"holds elements of type {UntrustedText.Quote(DataType)}; F32, F16, BF16 and F64 are read"),
        };
        string declared = TensorLayout.Describe(Shape, type);
        TensorLayout layout = new(type, Shape, dataOffset + Begin);
        long bytes = layout.RequireBytes(file);
        return bytes == End - Begin
            ? layout
            : throw file.Error($"declares {declared}, {bytes:N0} bytes, but gives it {End - Begin:N0}");
    }

    /// <summary>An array of at most <paramref name="max"/> whole numbers, none negative; null if it is anything else.</summary>
    private static long[]? Integers(ref Utf8JsonReader reader, int max)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        List<long> items = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long item) || item < 0 || items.Count == max)
            {
                return null;
            }

            items.Add(item);
        }

        return [.. items];
    }
}
