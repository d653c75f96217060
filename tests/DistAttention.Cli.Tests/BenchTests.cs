using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

public sealed class BenchTests
{
    [Theory]
    [InlineData("kernel", "full 256 × 256, head size 64")]
    [InlineData("kernel", "causal 256, head size 128")]
    [InlineData("kernel", "1 query × 8192 keys, 32 heads over 4, bfloat16, head size 64")]
    [InlineData("kernel", "int8, head size 64")]
    [InlineData("kernel", "packing and checking float16")]
    [InlineData("kernel", "1 to 64 queries")]
    [InlineData("compare", "causal")]
    public async Task Json_has_the_machine_and_rows_of_one_form(string verb, string filter)
    {
        JsonNode report = (await Distattn.RunAsync("bench", verb, "--quick", "--filter", filter, "--json")).Ok().Json;

        Assert.Equal(["machine", "rows"], Members(report));
        Assert.True((int)report["machine"]!["threads"]! >= 1);
        Assert.True((double)report["machine"]!["fmaGflops"]! > 0);
        Assert.True((double)report["machine"]!["readGBps"]! > 0);
        JsonArray rows = report["rows"]!.AsArray();
        Assert.NotEmpty(rows);
        Assert.Equal(rows.Count, rows.Select(static row => (string)row!["name"]!).Distinct().Count());
        Assert.All(rows, row =>
        {
            Assert.Equal(["name", "value", "unit", "target", "stretch", "ok"], Members(row!));
            Assert.Contains(filter, (string)row!["name"]!, StringComparison.Ordinal);
            Assert.True((double)row["value"]! >= 0);
            if ((string?)row["target"] is { } target)
            {
                Assert.Matches("^[≥≤] [0-9.E-]+$", target);
            }
        });
        Assert.NotNull((string?)rows[0]!["target"]);
    }

    [Fact]
    public async Task Answers_are_right_where_they_are_timed()
    {
        JsonNode report = (await Distattn.RunAsync("bench", "kernel", "--quick", "--filter", "head size 576", "--json")).Ok().Json;

        JsonNode?[] errors = [.. report["rows"]!.AsArray().Where(static row => ((string)row!["name"]!).Contains("error of", StringComparison.Ordinal))];
        Assert.Equal(2, errors.Length);
        Assert.All(errors, static row => Assert.True((bool)row!["ok"]!, row.ToJsonString()));
    }

    [Fact]
    public async Task The_table_is_for_people()
    {
        Ended ended = (await Distattn.RunAsync("bench", "kernel", "--quick", "--filter", "full 256 × 256, head size 64")).Ok();

        Assert.Matches(@"(ok|MISS) +full 256 × 256, head size 64 +[0-9.]+ of FMA peak +≥ 0\.82 +≥ 0\.88 +[0-9.]+ GFLOP/s, .* error of o", ended.Out);
        Assert.Matches(@"\d+ of \d+ targets reached", ended.Out);
        Assert.Contains("quick look", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_that_leaves_nothing_says_what_there_is() =>
        (await Distattn.RunAsync("bench", "kernel", "--filter", "nonsense")).Failed(1, "causal 4096, head size 64");

    private static string[] Members(JsonNode node) => [.. node.AsObject().Select(static member => member.Key)];
}
