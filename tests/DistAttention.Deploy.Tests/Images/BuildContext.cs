using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>Which files of the repository a build of the image is sent: those that <c>.dockerignore</c> does not leave out.</summary>
internal static class BuildContext
{
    private static readonly (Regex Pattern, bool Includes)[] _rules =
    [
        .. File.ReadLines(Repository.At(".dockerignore"))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => (Expression(line.TrimStart('!')), line[0] == '!')),
    ];

    /// <summary>Whether a file is sent; the last rule that speaks of it, or of a folder that it is in, decides.</summary>
    /// <param name="path">Relative to the top of the repository, with <c>/</c>.</param>
    public static bool Has(string path) => _rules.LastOrDefault(rule => rule.Pattern.IsMatch(path), (null!, true)).Includes;

    /// <summary>Every file that a project is built of: its own, and those of what it references.</summary>
    /// <param name="project">Relative to the top.</param>
    public static IEnumerable<string> FilesOf(string project)
    {
        HashSet<string> projects = [];
        Queue<string> queue = new([project]);
        while (queue.TryDequeue(out string? at))
        {
            if (!projects.Add(at))
            {
                continue;
            }

            string folder = Path.GetDirectoryName(at)!;
            XDocument xml = XDocument.Load(Repository.At(at));
            foreach (string import in xml.Descendants("Import").Select(static e => (string)e.Attribute("Project")!))
            {
                yield return Relative(folder, import);
            }

            foreach (string reference in xml.Descendants("ProjectReference").Select(static e => (string)e.Attribute("Include")!))
            {
                queue.Enqueue(Relative(folder, reference));
            }

            foreach (string file in Directory.EnumerateFiles(Repository.At(folder), "*", SearchOption.AllDirectories).Where(static f => !f.EndsWith(".md", StringComparison.Ordinal)))
            {
                yield return Path.GetRelativePath(Repository.Root, file);
            }
        }
    }

    private static string Relative(string folder, string path) => Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.At(folder), path)));

    private static Regex Expression(string pattern) => new(
        "^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "(/.*)?$");
}
