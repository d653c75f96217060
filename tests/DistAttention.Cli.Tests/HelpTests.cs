using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

public sealed class HelpTests
{
    [Fact]
    public async Task Every_verb_has_help_with_an_example_that_names_it()
    {
        string verbs = Section((await Distattn.RunAsync("--help")).Ok().Out, "Verbs:");
        string[] names = [.. verbs.Split('\n').Where(static line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ').Select(static line => line.Trim().Split(' ')[0])];
        Assert.Contains("attend", names);
        Assert.Contains("explain", names);
        foreach (string name in names)
        {
            Ended help = (await Distattn.RunAsync(name, "--help")).Ok();
            Assert.Matches($@"\n  distattn {name}\s", Section(help.Out, "Example") + "\n");
            Assert.Equal("", help.Error);
            Assert.All(help.Out.Split('\n'), static line => Assert.True(line.Length <= 80 && line == line.TrimEnd(), $"'{line}'"));
        }
    }

    [Fact]
    public async Task Help_is_shown_whatever_else_is_wrong()
    {
        Ended help = (await Distattn.RunAsync("attend", "--nonsense", "-h")).Ok();

        Assert.Contains("--first-query-position <N>", help.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        Assert.Matches(@"^distattn \d+\.\d+\.\d+\S*\n$", (await Distattn.RunAsync("--version")).Ok().Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task No_verb_at_all_shows_the_verbs_and_fails()
    {
        Ended ended = await Distattn.RunAsync();

        Assert.Equal(2, ended.ExitCode);
        Assert.Equal("", ended.Out);
        Assert.Contains("attend", ended.Error, StringComparison.Ordinal);
    }

    private static string Section(string help, string title)
    {
        int start = help.IndexOf($"\n{title}", StringComparison.Ordinal);
        Assert.True(start >= 0, $"no '{title}' in: {help}");
        int end = help.IndexOf("\n\n", start + 1, StringComparison.Ordinal);
        return end < 0 ? help[start..] : help[start..end];
    }
}
