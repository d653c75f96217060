using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Arguments;

/// <summary>The names of <see cref="KvDataType"/> on the command line.</summary>
internal static class KvTypes
{
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<KvDataType>().Select(Name)];

    public static string Name(KvDataType type) => type.ToString().ToLowerInvariant();

    public static KvDataType Parse(string text)
    {
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            if (Name(type) == text)
            {
                return type;
            }
        }

        string hint = Spelling.Nearest(text, Names) is { } nearest ? $"; did you mean '{nearest}'?" : $"; {string.Join(", ", Names)} are known";
        throw new FormatException($"'{text}' is not a storage type{hint}");
    }
}
