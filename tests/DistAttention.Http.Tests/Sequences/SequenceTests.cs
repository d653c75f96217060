using System.Text.Json.Nodes;
using DistAttention.Http.Tests.Serving;

namespace DistAttention.Http.Tests.Sequences;

public sealed class SequenceTests
{
    private const string Spec = """{"numHeadsQ": 4, "numHeadsKv": 2, "headDim": 8}""";

    [Fact]
    public async Task ASequenceIsMadeLookedAtForkedTruncatedAndDeleted()
    {
        await using TestServer server = await TestServer.StartAsync();
        Answer made = (await server.SendAsync("PUT", "/v1/sequences/a%2Fb", Sent.Json(Spec))).Is(201);
        Assert.Equal("/v1/sequences/a%2Fb", made.Header("Location"));
        Assert.Equal("a/b", (string?)made.Json["id"]);
        (await server.SendAsync("PUT", "/v1/sequences/a%2fb", Sent.Json(Spec))).Problem(409, "sequence-exists");

        float[] rows = new float[10 * 2 * 8];
        (await server.SendAsync("POST", "/v1/sequences/a%2Fb/append", Sent.Npy(Sent.NpyOf(rows, 10, 2, 8), Sent.NpyOf(rows, 10, 2, 8)))).Is(200);
        Answer info = (await server.GetAsync("/v1/sequences/a%2Fb")).Is(200);
        Assert.Equal(10, (int?)info.Json["length"]);

        Answer fork = (await server.SendAsync("POST", "/v1/sequences/a%2Fb/fork", Sent.Json("""{"id": "c", "length": 4}"""))).Is(201);
        Assert.Equal(("/v1/sequences/c", 4), (fork.Header("Location"), (int?)fork.Json["length"]));
        Assert.Equal(7, (int?)(await server.SendAsync("POST", "/v1/sequences/a%2Fb/truncate", Sent.Json("""{"length": 7}"""))).Is(200).Json["length"]);
        (await server.SendAsync("POST", "/v1/sequences/a%2Fb/truncate", Sent.Json("""{"length": 8}"""))).Problem(400, "invalid-spec");

        Assert.Empty((await server.SendAsync("DELETE", "/v1/sequences/a%2Fb")).Is(204).Body);
        Assert.Equal("a/b", (string?)(await server.GetAsync("/v1/sequences/a%2Fb")).Problem(404, "sequence-not-found")["sequence"]);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task WhatIsKnownHasAnETagThatChangesWithIt()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.CreateAsync("s", Spec);
        Answer first = (await server.GetAsync("/v1/sequences/s")).Is(200);
        string tag = first.Header("ETag")!;
        Assert.Empty((await server.SendAsync("GET", "/v1/sequences/s", null, ("If-None-Match", $"\"other\", {tag}"))).Is(304).Body);
        Answer head = (await server.SendAsync("HEAD", "/v1/sequences/s")).Is(200);
        Assert.Equal(((long?)first.Body.Length, tag), (head.Message.Content.Headers.ContentLength, head.Header("ETag")));
        float[] rows = new float[2 * 8];
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(rows, 1, 2, 8), Sent.NpyOf(rows, 1, 2, 8)))).Is(200);
        Assert.NotEqual(tag, (await server.SendAsync("GET", "/v1/sequences/s", null, ("If-None-Match", tag))).Is(200).Header("ETag"));
    }

    [Fact]
    public async Task ListsComeInPages()
    {
        await using TestServer server = await TestServer.StartAsync();
        foreach (string name in (string[])["x", "p/1", "p/3", "p/2"])
        {
            await server.CreateAsync(name, Spec);
        }

        JsonNode first = (await server.GetAsync("/v1/sequences?prefix=p/&limit=2")).Is(200).Json;
        Assert.Equal(["p/1", "p/2"], first["sequences"]!.AsArray().Select(static s => (string)s!["id"]!));
        Assert.Equal("p/2", (string?)first["next"]);
        JsonNode last = (await server.GetAsync("/v1/sequences?prefix=p/&limit=2&after=p/2")).Is(200).Json;
        Assert.Equal(["p/3"], last["sequences"]!.AsArray().Select(static s => (string)s!["id"]!));
        Assert.Null(last["next"]);
        (await server.GetAsync("/v1/sequences?limit=0")).Problem(400, "invalid-parameter");
    }

    [Fact]
    public async Task ASpecComesBackAsItWasMeantAndMakesTheSameAgain()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.CreateAsync("s", """
            {"numHeadsQ": 4, "numHeadsKv": 2, "headDim": 8, "headDimV": 4, "kvType": "bfloat16", "shardLength": 2048, "expectedMask": "window:64,0",
             "expectedLength": 5000, "rope": "yarn:factor=4,trained=1024,dims=4", "timeToLiveSeconds": 3600.5}
            """);
        JsonObject spec = (await server.GetAsync("/v1/sequences/s")).Is(200).Json["spec"]!.AsObject();
        Assert.Equal(("bfloat16", 2048, "window:64,0", 3600.5), ((string?)spec["kvType"], (int?)spec["shardLength"], (string?)spec["expectedMask"], (double?)spec["timeToLiveSeconds"]));
        Assert.Equal(2, spec["rope"]!["inverseFrequencies"]!.AsArray().Count);
        await server.CreateAsync("again", spec.ToJsonString());
        Assert.Equal(spec.ToJsonString(), (await server.GetAsync("/v1/sequences/again")).Json["spec"]!.ToJsonString());
    }

    [Theory]
    [InlineData("{}", "invalid-json", "headDim: is missing")]
    [InlineData("[]", "invalid-json", "an object is needed, not an array")]
    [InlineData("{\"headDim\": 8, \"numHeadsKV\": 2}", "invalid-json", "did you mean 'numHeadsKv'?")]
    [InlineData("{\"headDim\": \"8\"}", "invalid-json", "headDim: a whole number is needed, not a text")]
    [InlineData("{\"headDim\": 8.5}", "invalid-json", "8.5 is not a whole number")]
    [InlineData("{\"headDim\": 8, \"kvType\": \"float15\"}", "invalid-json", "did you mean 'float16'?")]
    [InlineData("{\"headDim\": 8, \"rope\": \"yarn\"}", "invalid-json", "rope: 'yarn'")]
    [InlineData("{\"headDim\": 8, \"rope\": {\"inverseFrequencies\": [1, \"x\"]}}", "invalid-json", "rope.inverseFrequencies[1]: a number is needed")]
    [InlineData("{\"headDim\": 8, \"headDim\": 9}", "invalid-json", "headDim: stands there twice")]
    [InlineData("{\"headDim\": 8,", "invalid-json", "no valid JSON")]
    [InlineData("{\"headDim\": 0}", "invalid-spec", "HeadDim: 0 is not between")]
    [InlineData("{\"headDim\": 8, \"numHeadsQ\": 3, \"numHeadsKv\": 2}", "invalid-spec", "cannot be shared evenly")]
    [InlineData("{\"headDim\": 8, \"expectedMask\": \"causl\"}", "mask-syntax", "did you mean 'causal'?")]
    public async Task AWrongSpecIsNamed(string document, string kind, string detail)
    {
        await using TestServer server = await TestServer.StartAsync();
        JsonNode problem = (await server.SendAsync("PUT", "/v1/sequences/s", Sent.Json(document))).Problem(400, kind);
        Assert.Contains(detail, (string?)problem["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADocumentIsOfOneTypeAndSize()
    {
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { MaxJsonBytes = 2000 });
        JsonNode type = (await server.SendAsync("PUT", "/v1/sequences/s", Sent.Of("{}"u8.ToArray(), "text/plain"))).Problem(415, "unsupported-media-type");
        Assert.Contains("'text/plain'", (string?)type["detail"], StringComparison.Ordinal);
        (await server.SendAsync("PUT", "/v1/sequences/s", Sent.Json(new string(' ', 3000) + "{}"))).Problem(413, "too-large");
        (await server.SendAsync("PUT", "/v1/sequences/bad%20name", Sent.Json(Spec))).Problem(400, "invalid-spec");
        (await server.SendAsync("PUT", "/v1/sequences/" + new string('a', 300), Sent.Json(Spec))).Problem(400, "invalid-spec");
    }
}
