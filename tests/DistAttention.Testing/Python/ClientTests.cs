using System.Diagnostics;

namespace DistAttention.Testing.Python;

/// <summary>Runs the tests of the Python client in <c>client/python</c>.</summary>
public static class ClientTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs them to their end.</summary>
    /// <param name="environment">What they are told: DISTATTN_URL, DISTATTN_TOKEN.</param>
    /// <returns>The exit code, and everything that they said.</returns>
    public static async Task<(int ExitCode, string Said)> RunAsync(params (string Name, string Value)[] environment)
    {
        DirectoryInfo configuration = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string program = Path.Combine(configuration.Parent!.Parent!.FullName, "DistAttention.Cli", configuration.Name, OperatingSystem.IsWindows() ? "distattn.exe" : "distattn");
        ProcessStartInfo start = new(Interpreter.Path!, ["-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."])
        {
            WorkingDirectory = FindFolder(),
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DISTATTN"] = program;
        start.Environment.Remove("DISTATTN_URL");
        start.Environment.Remove("DISTATTN_TOKEN");
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(_patience);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
            string output = await process.StandardOutput.ReadToEndAsync(patience.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return (process.ExitCode, await error.ConfigureAwait(false) + output);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static string FindFolder()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "DistAttention.sln")))
        {
            at = at.Parent;
        }

        return Path.Combine(at?.FullName ?? throw new DirectoryNotFoundException($"No DistAttention.sln above {AppContext.BaseDirectory}"), "client", "python");
    }
}
