using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

public sealed class ExplainTests : IDisposable
{
    private readonly Workspace _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task The_plan_is_the_one_that_attend_follows()
    {
        Fill(rows: 3_000, positions: 3_000);
        string[] inputs = ["--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--mask", "causal", "--shard-length", "1024"];

        JsonNode plan = (await Distattn.RunAsync(["explain", .. inputs, "--json", "--all"])).Ok().Json;
        JsonNode done = (await Distattn.RunAsync(["attend", .. inputs, "--out", _files["o.npy"], "--json"])).Ok().Json;

        Assert.Equal(3_000L * 3_001 / 2, (long)plan["unmaskedPairs"]!);
        Assert.Equal(3_000.0 * 3_001 / 2 * 2 * 2 * (16 + 8), (double)plan["flops"]!);
        Assert.Equal((double)plan["flops"]!, (double)done["flops"]!);
        Assert.Equal((long)plan["blocksVisited"]!, (long)done["blocksComputed"]!);
        Assert.Equal((long)plan["blocksSkipped"]!, (long)done["blocksSkipped"]!);
        JsonArray shards = plan["owners"]![0]!["shards"]!.AsArray();
        Assert.Equal([0L, 1024, 2048], shards.Select(static s => (long)s!["positions"]![0]!));
        Assert.Equal((long)plan["unmaskedPairs"]!, shards.Sum(static s => (long)s!["unmaskedPairs"]!));
        Assert.Equal((long)plan["kvBytes"]!, plan["visits"]!.AsArray().Sum(static v => (long)v!["kvBytes"]!));
        Assert.Contains(plan["visits"]!.AsArray(), static v => (string)v!["coverage"]! == "masked");
    }

    [Fact]
    public async Task The_tree_shows_owners_shards_and_why_blocks_are_skipped()
    {
        Fill(rows: 30_000, positions: 30_000);
        string[] arguments = ["explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--mask", "causal", "--shard-length", "1024"];

        string few = (await Distattn.RunAsync(arguments)).Ok().Out;
        string all = (await Distattn.RunAsync([.. arguments, "--all"])).Ok().Out;

        Assert.Contains("30 shards", few, StringComparison.Ordinal);
        Assert.Contains("later than every query of the tile (causal)", few, StringComparison.Ordinal);
        Assert.Contains("450,015,000 of 900,000,000 visible (50.0 %)", few, StringComparison.Ordinal);
        Assert.DoesNotContain("15,360", few, StringComparison.Ordinal);
        Assert.Contains("15,360", all, StringComparison.Ordinal);
        Assert.All((few + all).Split('\n'), static line => Assert.True(line.Length <= 80 && line == line.TrimEnd(), $"'{line}'"));
    }

    [Fact]
    public async Task Only_headers_are_read()
    {
        // NaN everywhere: attend would refuse it.
        _files.Write("q.npy", [float.NaN], 1, 1, 1);
        _files.Write("k.npy", [float.NaN, float.NaN], 2, 1, 1);
        _files.Write("v.npy", [float.NaN, float.NaN], 2, 1, 1);

        (await Distattn.RunAsync("explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"])).Ok();
    }

    [Fact]
    public async Task Nothing_to_attend_to_is_a_plan_too()
    {
        _files.Write("q.npy", [], 0, 1, 4);
        _files.Write("k.npy", [], 0, 1, 4);
        _files.Write("v.npy", [], 0, 1, 4);

        Ended tree = (await Distattn.RunAsync("explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"])).Ok();
        Assert.Contains("0 rows", tree.Out, StringComparison.Ordinal);
        Assert.Equal(0, (int)(await Distattn.RunAsync("explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--json")).Ok().Json["blocksVisited"]!);
    }

    private void Fill(int rows, int positions)
    {
        _files.WriteNormal("q.npy", 1, rows, 2, 16);
        _files.WriteNormal("k.npy", 2, positions, 1, 16);
        _files.WriteNormal("v.npy", 3, positions, 1, 8);
    }
}
