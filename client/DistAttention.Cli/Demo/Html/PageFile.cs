using System.Text;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Demo.Html;

/// <summary>Writes a page so that it is there as a whole or not at all.</summary>
internal static class PageFile
{
    /// <summary>Says before the long work what would stop the page from being written after it.</summary>
    /// <param name="path">Where the page goes.</param>
    /// <param name="inputs">What it must not replace.</param>
    public static void RequireWritable(string path, IReadOnlyList<string> inputs)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw new CliException($"--html: {path} is a folder");
        }

        if (!Directory.Exists(Path.GetDirectoryName(full)))
        {
            throw new CliException($"--html: there is no folder {Path.GetDirectoryName(full)}");
        }

        if (inputs.Any(input => Path.GetFullPath(input) == full))
        {
            throw new CliException($"--html: {path} is a document to read; it would be overwritten");
        }
    }

    /// <summary>Writes beside the target, then renames onto it.</summary>
    public static void Write(string path, string page)
    {
        string full = Path.GetFullPath(path);
        string unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            File.WriteAllText(unfinished, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(unfinished, full, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
