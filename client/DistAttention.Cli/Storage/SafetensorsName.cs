namespace DistAttention.Cli.Storage;

/// <summary>The name of a <c>.safetensors</c> file, which its ending tells from others.</summary>
internal static class SafetensorsName
{
    private const string Suffix = ".safetensors";

    public static string Parse(string text) =>
        text.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) && text.IndexOf(Suffix + ":", StringComparison.OrdinalIgnoreCase) < 0
            ? text
            : throw new FormatException($"'{text}' does not end with {Suffix}");
}
