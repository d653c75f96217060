using System.Diagnostics;
using System.Text.Json.Nodes;

namespace DistAttention.Cli.Tests.Running;

/// <summary>The built program, run as a user runs it: a process of its own, its streams captured.</summary>
internal static class Distattn
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <summary>artifacts/bin/DistAttention.Cli/&lt;configuration&gt;/distattn, beside the folder that this test was built into.</summary>
    public static string Path { get; } = Locate();

    /// <summary>Runs it to its end.</summary>
    public static Task<Ended> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <summary>Runs it to its end with some environment variables set.</summary>
    public static async Task<Ended> RunAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        using Process process = Start(environment, arguments);
        return await EndAsync(process);
    }

    /// <summary>Starts it; stdin is closed at once.</summary>
    public static Process Start((string Name, string Value)[] environment, params string[] arguments) => StartProgram(Path, environment, arguments);

    /// <summary>Starts any program in the same way.</summary>
    public static Process StartProgram(string program, (string Name, string Value)[] environment, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Remove("COLUMNS");
        start.Environment.Remove("DISTATTN_DEBUG");
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Waits for its end and takes what it printed.</summary>
    public static async Task<Ended> EndAsync(Process process)
    {
        using CancellationTokenSource patience = new(_patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new Ended(process.ExitCode, await output, await error);
    }

    private static string Locate()
    {
        DirectoryInfo configuration = new(System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string program = OperatingSystem.IsWindows() ? "distattn.exe" : "distattn";
        return System.IO.Path.Combine(configuration.Parent!.Parent!.FullName, "DistAttention.Cli", configuration.Name, program);
    }
}

/// <summary>How a run ended.</summary>
internal sealed record Ended(int ExitCode, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;

    /// <summary>SHA-256 of o and of lse, as --json prints them.</summary>
    public string Digests => Json["sha256"]!.ToJsonString();

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>It worked.</summary>
    public Ended Ok()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        Assert.DoesNotContain('\u001b', Out + Error);
        return this;
    }

    /// <summary>It failed with one line on stderr, nothing on stdout, and no stack trace.</summary>
    public void Failed(int exitCode, string expected)
    {
        Assert.Contains(expected, Error, StringComparison.Ordinal);
        Assert.Equal(exitCode, ExitCode);
        Assert.Equal("", Out);
        Assert.StartsWith("distattn: ", Assert.Single(ErrorLines), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
    }
}
