using DistAttention.Cli.Arguments;
using DistAttention.Cli.Shell;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Attend;

/// <summary>Keeps outputs from replacing inputs, or each other, whatever links lead to them.</summary>
internal static class OutputPaths
{
    private static readonly StringComparison _comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    public static void RefuseInputs(AttentionRequest request, string output, string? lse)
    {
        string[] outputs = lse is null ? [output] : [output, lse];
        foreach (string path in outputs)
        {
            foreach (string input in (string[])[request.Q, request.K, .. new[] { request.V }.OfType<string>(), .. request.Scores.Files])
            {
                if (Same(path, TensorFile.PathOf(input)))
                {
                    throw new CliException($"{path} is an input; it would be overwritten");
                }
            }
        }

        if (lse is not null && Same(output, lse))
        {
            throw new CliException($"--out and --lse are both {output}");
        }
    }

    private static bool Same(string a, string b) => string.Equals(Real(a), Real(b), _comparison);

    /// <summary>The path with every link of it followed, as far as it exists.</summary>
    private static string Real(string path)
    {
        string full = Path.GetFullPath(path);
        string real = Path.GetPathRoot(full) ?? "";
        foreach (string part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(real, part);
            bool isLink = new FileInfo(next).LinkTarget is not null;
            real = isLink ? File.ResolveLinkTarget(next, returnFinalTarget: true)?.FullName ?? next : next;
        }

        return real;
    }
}
