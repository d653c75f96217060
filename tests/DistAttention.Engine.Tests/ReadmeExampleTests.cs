namespace DistAttention.Engine.Tests;

public sealed class ReadmeExampleTests
{
    [Fact]
    public void TheReadmeShowsTheProgramThatIsCompiled()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        string program = File.ReadAllText(Path.Combine(Repository.Root, "tests", "DistAttention.ReadmeExample", "Program.cs"));
        Assert.Contains($"```csharp\n{program}```", readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheProgramRunsAndPrintsWhatItSays()
    {
        (string output, _) = await Repository.RunAsync("DistAttention.ReadmeExample", []);
        Assert.Contains("51200 outputs, lse of the first row", output, StringComparison.Ordinal);
        Assert.Contains("3001 positions, 12 blocks computed", output, StringComparison.Ordinal);
    }
}
