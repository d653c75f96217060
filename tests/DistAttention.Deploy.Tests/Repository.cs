namespace DistAttention.Deploy.Tests;

/// <summary>Finds the repository that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its top folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder of it.</summary>
    /// <param name="path">Relative to the top, with <c>/</c>.</param>
    public static string At(string path) => Path.Combine(Root, path);

    /// <summary>The text of a file of it.</summary>
    /// <param name="path">Relative to the top, with <c>/</c>.</param>
    public static string Read(string path) => File.ReadAllText(At(path));

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "DistAttention.sln")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("No DistAttention.sln above " + AppContext.BaseDirectory);
    }
}
