using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using DistAttention.Silo.Admin.Dashboard;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>What the dashboard's page is told.</summary>
public sealed class DashboardApiTests
{
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 2, NumHeadsKv = 1, HeadDim = 8, ShardLength = 1024, ExpectedLength = 3000 };

    [Fact]
    public async Task TellsWhatTheClusterHoldsAndRunsQueries()
    {
        await using AdminSilo silo = await AdminSilo.StartAsync(null, "--Admin:Token", AdminSilo.Token, "--name", "one");
        IAttentionClient client = silo.Host.Services.GetRequiredService<IAttentionClient>();
        IAttentionSequence sequence = await client.CreateSequenceAsync("doc", _spec);
        await sequence.AppendAsync(new float[3000 * 8], new float[3000 * 8]);

        using HttpResponseMessage stream = await silo.Authorized.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.ToString());
        using StreamReader reader = new(await stream.Content.ReadAsStreamAsync());
        JsonNode one = (await NextAsync(reader, "silos"))["silos"]!.AsArray().Single()!;
        Assert.Equal("one", (string)one["name"]!);
        Assert.Equal(3000, (long)one["positions"]!);
        Assert.Equal([0, 1, 2], one["shards"]!.AsArray().Select(static s => (int)s!["index"]!));
        JsonNode doc = (await NextAsync(reader, "sequences"))["sequences"]!.AsArray().Single()!;
        Assert.Equal(("doc", 3000L), ((string)doc["name"]!, (long)doc["length"]!));
        Assert.Equal((string)doc["uid"]!, (string)one["shards"]![0]!["sequence"]!);

        for (JsonNode? busy = null; busy is null || (double)busy["rowsAnswered"]! == 0; busy = (await NextAsync(reader, "silos"))["silos"]![0])
        {
            await sequence.AttendAsync(new float[40 * 2 * 8]);
        }

        JsonNode plan = await PostAsync(silo, "/api/explain", """{"sequence":"doc","rows":100,"mask":"window:1000,0","run":true}""", 200);
        Assert.True((double)plan["tookMs"]! > 0);
        Assert.Equal(3, (int)plan["shards"]!);
        Assert.Equal(["none", "masked", "masked"], plan["picture"]![0]!["cells"]!.AsArray().Select(static c => (string)c!["c"]!));
        Assert.Equal(["plan", "ask", "merge", "finish"], plan["steps"]!.AsArray().Select(static s => (string)s!["kind"]!));

        JsonNode mass = await PostAsync(silo, "/api/mass", """{"sequence":"doc","rows":3,"bins":10,"mask":"full"}""", 200);
        Assert.Equal(30, mass["byRow"]!.AsArray().Count);
        Assert.All(mass["byHead"]!.AsArray(), static m => Assert.Equal(0.1, (double)m!, tolerance: 1e-5)); // keys of zeros: even
        Assert.Null((double?)mass["askedSecondsAgo"]);

        float[] asked = new float[2 * 2 * 8];
        asked[0] = 1; // no matter to keys of zeros
        await sequence.AttendAsync(asked, new AttendOptions { Mask = AttentionMask.Causal, FirstQueryPosition = 999 });
        await PostAsync(silo, "/api/explain", """{"sequence":"doc","rows":7,"run":true}""", 200); // the dashboard's own do not count
        mass = await PostAsync(silo, "/api/mass", """{"sequence":"doc","rows":3,"bins":3,"mask":"causal","latest":true}""", 200);
        Assert.Equal(2, (int)mass["rows"]!);
        Assert.InRange((double)mass["askedSecondsAgo"]!, 0, 30);
        Assert.Equal([1.0, 0, 0], mass["byRow"]!.AsArray().Take(3).Select(static m => Math.Round((double)m!, 4))); // as of position 999: the first third
        JsonNode wrong = await PostAsync(silo, "/api/explain", """{"sequence":"none"}""", 400);
        Assert.Contains("none", (string)wrong["error"]!, StringComparison.Ordinal);
        wrong = await PostAsync(silo, "/api/mass", """{"sequence":"doc","mask":"diagonal"}""", 400);
        Assert.Contains("diagonal", (string)wrong["error"]!, StringComparison.Ordinal);

        // A stream that somebody watches does not hold the silo up.
        long stopping = Stopwatch.GetTimestamp();
        await silo.Host.StopAsync();
        Assert.True(Stopwatch.GetElapsedTime(stopping) < TimeSpan.FromSeconds(15), $"{Stopwatch.GetElapsedTime(stopping)}");
    }

    [Theory]
    [InlineData(0.5, 0.15)]
    [InlineData(1, 0.5)]
    [InlineData(0.05, 0.015)]
    public void QuantilesAreReadOffBuckets(double share, double expected) =>
        Assert.Equal(expected, SiloView.Quantile([0.1, 0.2, 0.5], [4, 6, 5, 0], [1, 2, 1, 0], share)!.Value, tolerance: share == 0.5 ? 0.02 : 0.01);

    [Fact]
    public void WithoutCallsThereIsNoQuantile() => Assert.Null(SiloView.Quantile([0.1], [3, 0], [3, 0], 0.5));

    private static async Task<JsonNode> NextAsync(StreamReader reader, string kind)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await reader.ReadLineAsync(late.Token) == $"event: {kind}")
            {
                return JsonNode.Parse((await reader.ReadLineAsync(late.Token))!["data: ".Length..])!;
            }
        }
    }

    private static async Task<JsonNode> PostAsync(AdminSilo silo, string path, string json, int status)
    {
        using StringContent body = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await silo.Authorized.PostAsync(path, body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, text);
        return JsonNode.Parse(text)!;
    }
}
