namespace DistAttention;

/// <summary>The names of <see cref="KvDataType"/> in texts: float32, float16, bfloat16, int8.</summary>
public static class KvTypes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<KvDataType>().Select(Name)];

    /// <summary>The name of one.</summary>
    /// <param name="type">The type.</param>
    public static string Name(KvDataType type) => type.ToString().ToLowerInvariant();

    /// <summary>Reads a name.</summary>
    /// <param name="text">The name.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static KvDataType Parse(string text)
    {
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            if (Name(type) == text)
            {
                return type;
            }
        }

        string hint = NearestName.Of(text, Names) is { } nearest ? $"; did you mean '{nearest}'?" : $"; {string.Join(", ", Names)} are known";
        throw new FormatException($"'{text}' is not a storage type{hint}");
    }
}
