using System.Text.RegularExpressions;

namespace DistAttention.Deploy.Tests.Documents;

/// <summary>deploy/OPTIONS.md, which another test holds to what the program prints.</summary>
internal static partial class OptionsPage
{
    /// <summary>The options that it lists.</summary>
    public static IReadOnlySet<string> Names { get; } = Row().Matches(Repository.Read("deploy/OPTIONS.md")).Select(static m => m.Groups[1].Value).ToHashSet();

    [GeneratedRegex("^\\| `([A-Za-z0-9:]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
