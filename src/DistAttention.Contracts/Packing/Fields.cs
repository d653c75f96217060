using MessagePack;

namespace DistAttention.Contracts;

/// <summary>Arrays of fields: later versions append to them, earlier ones skip what they do not know.</summary>
internal static class Fields
{
    /// <summary>Reads an array's header, requiring the fields that this version knows.</summary>
    /// <returns>Fields to skip afterwards.</returns>
    public static int Begin(ref MessagePackReader reader, int known, string what)
    {
        int count = reader.ReadArrayHeader();
        return count >= known
            ? count - known
            : throw new MessagePackSerializationException($"{what} has {count} fields, at least {known} are needed");
    }

    public static void End(ref MessagePackReader reader, int rest)
    {
        for (int i = 0; i < rest; i++)
        {
            reader.Skip();
        }
    }

    public static void WriteNullable(ref MessagePackWriter writer, long? value)
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

    public static long? ReadNullable(ref MessagePackReader reader) => reader.TryReadNil() ? null : reader.ReadInt64();

    public static void WriteRange(ref MessagePackWriter writer, PositionRange range)
    {
        writer.Write(range.Start);
        writer.Write(range.End);
    }

    public static PositionRange ReadRange(ref MessagePackReader reader) => new(reader.ReadInt64(), reader.ReadInt64());

    public static string ReadText(ref MessagePackReader reader) =>
        reader.ReadString() ?? throw new MessagePackSerializationException("a text is missing");
}
