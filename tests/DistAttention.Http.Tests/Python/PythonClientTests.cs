using System.Diagnostics;

namespace DistAttention.Http.Tests.Python;

/// <summary>Runs the tests of the Python client, against services that they start themselves.</summary>
public sealed class PythonClientTests
{
    [PythonFact]
    public async Task TheClientsOwnTestsPass()
    {
        DirectoryInfo configuration = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string program = Path.Combine(configuration.Parent!.Parent!.FullName, "DistAttention.Cli", configuration.Name, OperatingSystem.IsWindows() ? "distattn.exe" : "distattn");
        ProcessStartInfo start = new(Interpreter.Path!, ["-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."])
        {
            WorkingDirectory = Path.Combine(Repository.Root, "client", "python"),
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DISTATTN"] = program;
        start.Environment.Remove("DISTATTN_URL");
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(3));
        Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
        Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
        string said;
        try
        {
            said = await error + await output;
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(process.ExitCode == 0, said);
        Assert.Matches(@"Ran (2[0-9]|[3-9][0-9]) tests", said);
        Assert.DoesNotContain("(skipped", said, StringComparison.Ordinal);
    }
}
