using System.Diagnostics;

namespace DistAttention.Engine.Tests;

public sealed class ReadmeExampleTests
{
    private static readonly string _root = FindRoot();

    [Fact]
    public void TheReadmeShowsTheProgramThatIsCompiled()
    {
        string readme = File.ReadAllText(Path.Combine(_root, "README.md"));
        string program = File.ReadAllText(Path.Combine(_root, "tests", "DistAttention.ReadmeExample", "Program.cs"));
        Assert.Contains($"```csharp\n{program}```", readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheProgramRunsAndPrintsWhatItSays()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        string program = Path.Combine(_root, "artifacts", "bin", "DistAttention.ReadmeExample", configuration, "DistAttention.ReadmeExample.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", program) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("51200 outputs, lse of the first row", output, StringComparison.Ordinal);
        Assert.Contains("3001 positions, 12 blocks computed", output, StringComparison.Ordinal);
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
