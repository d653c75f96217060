using System.Diagnostics;

namespace DistAttention.Silo.Tests.Upgrades;

/// <summary>The programs of an earlier commit, built from the history of this checkout into a folder beside what was built here, once per commit.</summary>
/// <param name="Commit">The commit.</param>
/// <param name="Folder">Its files, and what was built of them.</param>
internal sealed record EarlierBuild(string Commit, string Folder)
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);

    /// <summary>The checkout that this was built from.</summary>
    private static string Root { get; } = FindRoot();

    public string Silo => ProgramOf("DistAttention.Silo", "distattn-silo");

    public string Cli => ProgramOf("DistAttention.Cli", "distattn");

    /// <summary>The commit before this one; this one, if what is built here has changes that are not committed.</summary>
    /// <returns>Null where there is no history.</returns>
    public static string? PreviousCommit() => Git("diff", "--quiet", "HEAD", "--", "src", "silo", "client") is null ? CommitOf("HEAD") : CommitOf("HEAD~1");

    /// <summary>The oldest commit that this one is to work with; null where the history does not have it.</summary>
    public static string? BaseCommit() => CommitOf(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Upgrades", "upgrade-base.txt")).Single(static l => l.Length > 0 && l[0] != '#'));

    /// <summary>Builds a commit, unless that was done before.</summary>
    public static async Task<EarlierBuild> MakeAsync(string commit)
    {
        EarlierBuild build = new(commit, Path.Combine(Root, "artifacts", "upgrade", commit));
        if (!File.Exists(build.Silo) || !File.Exists(build.Cli))
        {
            Directory.CreateDirectory(build.Folder);
            await RunAsync("sh", "-c", "git -C \"$0\" archive \"$1\" src silo client global.json .editorconfig Directory.Build.props Directory.Build.targets Directory.Packages.props | tar -x -C \"$2\"", Root, commit, build.Folder);
            await RunAsync("dotnet", "build", Path.Combine(build.Folder, "client", "DistAttention.Cli"), "-c", "Release", "-v", "quiet", "-clp:NoSummary", "-nodeReuse:false");
        }

        return build;
    }

    private static string FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "DistAttention.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new DirectoryNotFoundException("no DistAttention.sln above " + AppContext.BaseDirectory);
    }

    private static string? CommitOf(string name) => Git("rev-parse", "--verify", "--quiet", name + "^{commit}")?.Trim();

    /// <summary>What git says; null if it fails, or there is none.</summary>
    private static string? Git(params string[] arguments)
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", ["-C", Root, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string said = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? said : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string said = await process.StandardOutput.ReadToEndAsync().WaitAsync(_patience);
        await process.WaitForExitAsync().WaitAsync(_patience);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}{await error}");
    }

    private string ProgramOf(string project, string name) =>
        Path.Combine(Folder, "artifacts", "bin", project, "release", OperatingSystem.IsWindows() ? name + ".exe" : name);
}

/// <summary>A test beside the programs of the commit before this one.</summary>
internal sealed class PreviousCommitFactAttribute : FactAttribute
{
    public PreviousCommitFactAttribute() => Skip = EarlierBuild.PreviousCommit() is null ? "there is no git history here to build an earlier commit from" : null;
}

/// <summary>A test beside the programs of the oldest commit that this one is to work with.</summary>
internal sealed class BaseCommitFactAttribute : FactAttribute
{
    public BaseCommitFactAttribute() => Skip = EarlierBuild.BaseCommit() is null ? "the git history here does not have the commit of Upgrades/upgrade-base.txt" : null;
}
