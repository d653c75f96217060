using System.Globalization;

namespace DistAttention;

/// <summary>Pieces of the text form of masks.</summary>
internal static class MaskText
{
    /// <summary>Ends a value that is not in quotes.</summary>
    private const string Ends = ",&|()\"";

    public static bool IsPlain(char c) => !char.IsWhiteSpace(c) && !Ends.Contains(c);

    /// <summary>A file's name, in quotes if it needs them.</summary>
    public static string Quote(string name) => name.Length > 0 && name.All(IsPlain) && !name.Contains('=') ? name : $"\"{name}\"";

    /// <summary>What stands for data that is not in the text; not readable again.</summary>
    public static string Summary(string kind, string what, UInt128 hash) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}:<{what}, {(uint)(hash >> 96):x8}>");
}
