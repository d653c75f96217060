using System.Runtime.InteropServices;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Demo.Documents;

/// <summary>The long text that every machine with .NET has: the third-party notices of the .NET installation.</summary>
internal static class DefaultDocument
{
    public const string FileName = "ThirdPartyNotices.txt";

    /// <summary>What to ask of it.</summary>
    public static IReadOnlyList<string> Questions { get; } =
    [
        "What is the license of Brotli?",
        "Who may use the Unicode data files?",
        "Are patent or trademark rights waived?",
        "Must advertising materials mention the University of California?",
    ];

    /// <summary>Path of the notices of the .NET that runs this program, or else of one found on this machine.</summary>
    /// <exception cref="CliException">There are none; says what to do instead.</exception>
    public static string Find() =>
        Installations().Select(static root => Path.Combine(root, FileName)).FirstOrDefault(File.Exists)
        ?? throw new CliException($"No .NET installation with a {FileName} was found on this machine; name a text to read with --document.");

    /// <summary>Folders that may be the root of a .NET installation, best first.</summary>
    private static IEnumerable<string> Installations()
    {
        // <root>/shared/Microsoft.NETCore.App/<version>/
        foreach (string folder in Upward(RuntimeEnvironment.GetRuntimeDirectory()))
        {
            yield return folder;
        }

        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
        {
            yield return root;
        }

        foreach (string entry in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            string dotnet = Path.Combine(entry, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
            if (File.Exists(dotnet))
            {
                string target = File.ResolveLinkTarget(dotnet, returnFinalTarget: true)?.FullName ?? dotnet;
                yield return Path.GetDirectoryName(target) ?? entry;
            }
        }
    }

    private static IEnumerable<string> Upward(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            yield return at.FullName;
        }
    }
}
