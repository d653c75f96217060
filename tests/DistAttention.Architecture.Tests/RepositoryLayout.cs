namespace DistAttention.Architecture.Tests;

/// <summary>Finds the repository that the tests were built from.</summary>
internal static class RepositoryLayout
{
    public static string Root { get; } = FindRoot();

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
