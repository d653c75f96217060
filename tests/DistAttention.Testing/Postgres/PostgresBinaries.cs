namespace DistAttention.Testing.Postgres;

/// <summary>Where this machine has the programs of a PostgreSQL server.</summary>
public static class PostgresBinaries
{
    private static readonly Lazy<string?> _folder = new(Find);

    /// <summary>Their folder; null if there are none.</summary>
    public static string? Folder => _folder.Value;

    /// <summary>Why tests that need a server are skipped; null if they need not be.</summary>
    public static string? WhyNot =>
        OperatingSystem.IsWindows() ? "a private PostgreSQL server is started on Unix only"
        : Folder is null ? "no PostgreSQL server on this machine: neither on the PATH nor under /usr/lib/postgresql"
        : Environment.IsPrivilegedProcess && !OnPath("setpriv") ? "PostgreSQL does not run as root, and there is no setpriv to start it as somebody else"
        : null;

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));

    private static string? Find()
    {
        IEnumerable<string> onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        IEnumerable<string> installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(static d => Path.Combine(d, "bin"))
            : [];
        return onPath.Concat(installed).FirstOrDefault(static folder =>
            folder.Length > 0 && ((string[])["postgres", "initdb", "psql"]).All(program => File.Exists(Path.Combine(folder, program))));
    }
}
