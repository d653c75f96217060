using System.Diagnostics;

namespace DistAttention.Engine.Tests;

/// <summary>The repository that the tests were built from, and the programs built beside them.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Runs a program of this build and returns what it printed on stdout and stderr; it must succeed.</summary>
    public static async Task<(string Output, string Notes)> RunAsync(string project, string[] arguments, params (string Name, string Value)[] environment)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        string program = Path.Combine(Root, "artifacts", "bin", project, configuration, project + ".dll");
        ProcessStartInfo start = new("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> notes = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await notes);
        return (output, await notes);
    }

    private static string FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "DistAttention.sln")))
        {
            at = at.Parent;
        }

        return at!.FullName;
    }
}
