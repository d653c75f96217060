using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>Finds <c>distattn-silo</c>: beside this program, in a folder of its own there, or where a build leaves it.</summary>
internal static class SiloExecutable
{
    private const string PathVariable = "DISTATTN_SILO_PATH";

    /// <exception cref="CliException">It is nowhere.</exception>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : throw new CliException($"{PathVariable} is '{given}', where no file is");
        }

        string name = OperatingSystem.IsWindows() ? "distattn-silo.exe" : "distattn-silo";
        DirectoryInfo here = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string[] places =
        [
            Path.Combine(here.FullName, name),
            Path.Combine(here.FullName, "silo", name),
            Path.Combine(here.FullName, "..", "..", "DistAttention.Silo", here.Name, name), // artifacts/bin/<project>/<configuration>
        ];
        return Array.Find(places, File.Exists) is { } found
            ? Path.GetFullPath(found)
            : throw new CliException($"distattn-silo is not beside distattn ({here.FullName}); {PathVariable} may name it");
    }
}
