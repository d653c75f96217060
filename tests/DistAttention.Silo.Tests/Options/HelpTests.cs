using DistAttention.Silo.Options;
using DistAttention.Silo.Options.Listing;

namespace DistAttention.Silo.Tests.Options;

public sealed class HelpTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("--folder", "x", "-h")]
    public void ItCanBeAskedForAnywhere(params string[] arguments) => Assert.True(HelpPage.IsAskedFor(arguments));

    [Fact]
    public void EveryShortFormIsThereWithItsMeaningInEightyColumns()
    {
        using StringWriter page = new();
        HelpPage.Write(page);
        string[] lines = page.ToString().Split('\n');
        Assert.All(Configuration.ShortForms.Keys, form => Assert.Contains(lines, l => l.StartsWith($"  {form} ", StringComparison.Ordinal) && l.TrimEnd().Length > form.Length + 10));
        Assert.All(lines, static l => Assert.True(l.TrimEnd('\r').Length <= 80, l));
        Assert.DoesNotContain(lines, static l => l.Contains('`', StringComparison.Ordinal));
    }
}
