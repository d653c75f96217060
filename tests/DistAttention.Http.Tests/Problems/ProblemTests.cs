using System.Text.Json.Nodes;
using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Problems;
using DistAttention.Http.Tests.Serving;

namespace DistAttention.Http.Tests.Problems;

public sealed class ProblemTests
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 4 };

    private static readonly DistAttentionException[] _every =
    [
        new AccessDeniedException("r"), new InvalidSpecException("p", "q"), new ShapeMismatchException("q", "a", "b"), new InvalidTensorException("v", 3, 1, "is NaN"),
        new NumericOverflowException(2, 1, "A score"), new MaskSyntaxException("x", 0, "y"), new CapacityExceededException(1, 2, 3), new OverloadedException("Q", TimeSpan.FromSeconds(0.02)),
        new AttentionTimeoutException(TimeSpan.FromSeconds(1)), new PartialFailureException(3, 1, new StorageException("/secret/file", "p")), new SequenceNotFoundException("s"), new SequenceExistsException("s"),
        new ArithmeticVersionException(2, 1), new AppendConflictException("m"), new SnapshotLostException("s", new SequenceSnapshot(1, 2)), new ShardLostException("s", new PositionRange(0, 5), "r"),
        new StorageException("/secret/file", "p"), new StorageDamagedException("/secret/file", 1, default, "p"), new TensorFileException("body", "p"),
    ];

    /// <summary>What parts of the engine tell each other; should one leave it all the same, it is unavailable where it is transient, else internal.</summary>
    private static readonly string[] _neverLeaveTheEngine =
        ["StaleWriteException", "LedgerFencedException", "ReservationLostException", "BadAnswerException", "OwnerUnreachableException"];

    public static TheoryData<string> Names => [.. _every.Select(static e => e.GetType().Name)];

    [Fact]
    public void EveryErrorOfTheLibraryIsAmongThem()
    {
        Type[] all = [.. new[] { typeof(DistAttentionException).Assembly, typeof(TensorFileException).Assembly }
            .SelectMany(static a => a.GetTypes()).Where(static t => t.IsSubclassOf(typeof(DistAttentionException)) && t.IsPublic)];
        Assert.Equal(_neverLeaveTheEngine.Order(), all.Except(_every.Select(static e => e.GetType())).Select(static t => t.Name).Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task EveryErrorIsAProblemOfItsOwn(string name)
    {
        DistAttentionException error = _every.Single(e => e.GetType().Name == name);
        Problem expected = ProblemMap.Of(error);
        Assert.NotSame(ProblemKinds.Internal, expected.Kind);
        await using TestServer server = await TestServer.StartAsync(new StubAccess(new StubClient(_spec) { OnAttend = (_, _, _, _) => throw error }));
        Answer answer = await server.SendAsync("POST", "/v1/sequences/stub/attend", Sent.Npy(Sent.NpyOf(new float[4], 1, 1, 4)));
        JsonNode problem = answer.Problem(expected.Kind.Status, expected.Kind.Name);
        Assert.DoesNotContain("/secret", answer.Text, StringComparison.Ordinal);
        Assert.Equal(expected.Facts.Select(static f => f.Name), problem.AsObject().Select(static p => p.Key).Except(["type", "title", "status", "detail", "retryAfterSeconds"]));
    }

    [Fact]
    public async Task TheFullSayWhenToComeAgain()
    {
        OverloadedException error = new("The queue of calls", TimeSpan.FromSeconds(1.25));
        await using TestServer server = await TestServer.StartAsync(new StubAccess(new StubClient(_spec) { OnAttend = (_, _, _, _) => throw error }));
        Answer full = await server.SendAsync("POST", "/v1/sequences/stub/attend", Sent.Npy(Sent.NpyOf(new float[4], 1, 1, 4)));
        Assert.Equal(1.25, (double?)full.Problem(503, "overloaded")["retryAfterSeconds"]);
        Assert.Equal("2", full.Header("Retry-After"));

        OverloadedException own = new("The caller's quota of calls in progress", TimeSpan.FromSeconds(0.02));
        await using TestServer other = await TestServer.StartAsync(new StubAccess(new StubClient(_spec) { OnAttend = (_, _, _, _) => throw own }));
        Answer quota = await other.SendAsync("POST", "/v1/sequences/stub/attend", Sent.Npy(Sent.NpyOf(new float[4], 1, 1, 4)));
        Assert.Equal(0.02, (double?)quota.Problem(429, "caller-overloaded")["retryAfterSeconds"]);
        Assert.Equal("1", quota.Header("Retry-After"));
    }

    [Fact]
    public async Task AnErrorThatNobodyMeantSaysNothingOfTheInside()
    {
        await using TestServer server = await TestServer.StartAsync(new StubAccess(new StubClient(_spec) { OnInfo = static () => throw new InvalidOperationException("the secret") }));
        Answer answer = await server.GetAsync("/v1/sequences/stub");
        answer.Problem(500, "internal");
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionsOutliveProblems()
    {
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { MaxBodyBytes = 1 << 20 });
        await server.CreateAsync("s", """{"headDim": 4}""");
        (await server.GetAsync("/v1/nothing")).Problem(404, "no-such-route");
        (await server.GetAsync("/v1/sequences/s/nothing")).Problem(404, "no-such-route");
        Answer method = await server.SendAsync("POST", "/v1/sequences/s");
        method.Problem(405, "method-not-allowed");
        Assert.Equal("DELETE, GET, HEAD, PUT", method.Header("Allow"));
        (await server.GetAsync("/v1/sequences/none/explain?rows=1")).Problem(404, "sequence-not-found");
        Assert.Contains("did you mean 'rows'?", (string?)(await server.GetAsync("/v1/sequences/s/explain?row=1")).Problem(400, "invalid-parameter")["detail"], StringComparison.Ordinal);
        (await server.GetAsync("/v1/sequences/s/explain")).Problem(400, "invalid-parameter");
        (await server.GetAsync("/v1/sequences/s/explain?rows=1&rows=2")).Problem(400, "invalid-parameter");
        (await server.GetAsync("/v1/sequences/s/explain?rows=1&timeout=0")).Problem(400, "invalid-parameter");
        (await server.GetAsync("/v1/sequences/s/explain?rows=1&score=dot&scale=2")).Problem(400, "invalid-spec");
        Assert.Equal(7, (int?)(await server.GetAsync("/v1/sequences/s/explain?rows=1&mask=causal%26x")).Problem(400, "mask-syntax")["position"]);
        (await server.SendAsync("GET", "/v1/sequences/s", null, ("Accept", "text/html"))).Problem(406, "not-acceptable");
        HttpContent encoded = Sent.Npy(Sent.NpyOf(new float[4], 1, 1, 4));
        encoded.Headers.ContentEncoding.Add("gzip");
        (await server.SendAsync("POST", "/v1/sequences/s/attend", encoded)).Problem(415, "unsupported-media-type");
        (await server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Of([1], "image/png"))).Problem(415, "unsupported-media-type");
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(new float[8], 2, 1, 4)), ("Idempotency-Key", "two words"))).Problem(400, "invalid-parameter");
        Assert.Equal(1, server.Connections);
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(new float[1 << 19], 1 << 17, 1, 4)), ("Expect", "100-continue"))).Problem(413, "too-large");
        (await server.GetAsync("/v1/sequences/s")).Is(200);
    }

    [Fact]
    public async Task ATokenIsAskedForWhereThereIsOne()
    {
        await using Engine.EmbeddedAttention engine = new();
        await using TestServer server = await TestServer.StartAsync(new EmbeddedAccess(engine, "a token of the tests"));
        Answer none = await server.GetAsync("/v1/sequences");
        none.Problem(401, "not-authenticated");
        Assert.Equal("Bearer realm=\"distattn\"", none.Header("WWW-Authenticate"));
        foreach (string wrong in (string[])["Bearer another token of theirs", "Bearer ", "Basic YTpi", "Bearer a token of the test"])
        {
            Answer answer = await server.SendAsync("GET", "/v1/sequences", null, ("Authorization", wrong));
            answer.Problem(401, "not-authenticated");
            Assert.DoesNotContain("token of", answer.Text, StringComparison.Ordinal);
            Assert.Contains("error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }

        (await server.SendAsync("GET", "/v1/sequences", null, ("Authorization", "Bearer a token of the tests"))).Is(200);
        (await server.GetAsync("/v1/openapi.json")).Is(200);
    }
}
