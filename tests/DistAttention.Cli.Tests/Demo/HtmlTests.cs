using DistAttention.Cli.Demo.Html;
using DistAttention.Cli.Demo.Reporting;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>Nothing a document says becomes part of the page's code.</summary>
public sealed class HtmlTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("a & b \"c\" 'd'", "a &amp; b &quot;c&quot; &#x27;d&#x27;")]
    [InlineData("naïve 漢字", "naïve 漢字")]
    public void Text_is_escaped(string text, string expected) => Assert.Equal(expected, HtmlPage.Escape(text));

    [Fact]
    public void Rows_of_a_terminal_are_never_too_wide()
    {
        TextRun[] runs = [new("plain words and ", false), new("match", true), new(" 漢字漢字漢字漢字 " + new string('x', 50), false)];
        for (int width = 4; width < 100; width++)
        {
            List<List<TextRun>> rows = LineWrap.Wrap(runs, width);
            Assert.All(rows, row => Assert.InRange(row.Sum(static r => LineWrap.Cells(r.Text)), 0, width));
            string all = string.Concat(runs.Select(static r => r.Text)).Replace(" ", "", StringComparison.Ordinal);
            Assert.Equal(all, string.Concat(rows.SelectMany(static r => r).Select(static r => r.Text)).Replace(" ", "", StringComparison.Ordinal));
        }
    }
}
