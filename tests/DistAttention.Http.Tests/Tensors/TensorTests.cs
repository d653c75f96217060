using System.Text.Json.Nodes;
using DistAttention.Engine;
using DistAttention.Http.Tests.Serving;
using DistAttention.Testing;

namespace DistAttention.Http.Tests.Tensors;

public sealed class TensorTests
{
    private const int Rows = 700;
    private const int QueryRows = 5;
    private const string Spec = """{"numHeadsQ": 4, "numHeadsKv": 2, "headDim": 8, "headDimV": 4}""";

    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 8, HeadDimV = 4 };
    private static readonly float[] _k = new SeededData(1).Normal(Rows * 2 * 8);
    private static readonly float[] _v = new SeededData(2).Normal(Rows * 2 * 4);
    private static readonly float[] _q = new SeededData(3).Normal(QueryRows * 4 * 8);

    private static (string, string, long[], byte[]) K => ("k", "F32", [Rows, 2, 8], Sent.Raw(_k));

    private static (string, string, long[], byte[]) V => ("v", "F32", [Rows, 2, 4], Sent.Raw(_v));

    private static (string, string, long[], byte[]) Q => ("q", "F32", [QueryRows, 4, 8], Sent.Raw(_q));

    /// <summary>[rows, 2, 12]: every key's components, then its value's.</summary>
    private static float[] Both
    {
        get
        {
            float[] both = new float[Rows * 2 * 12];
            for (int i = 0; i < Rows * 2; i++)
            {
                _k.AsSpan(i * 8, 8).CopyTo(both.AsSpan(i * 12));
                _v.AsSpan(i * 4, 4).CopyTo(both.AsSpan((i * 12) + 8));
            }

            return both;
        }
    }

    public static TheoryData<string> Appends => ["npy", "npy, many documents", "npy, both", "npy, float64", "safetensors", "safetensors, v first", "safetensors, both", "messagepack", "messagepack, documents"];

    [Theory]
    [MemberData(nameof(Appends))]
    public async Task RowsAreTheSameHoweverTheyAreSent(string how)
    {
        int half = 300;
        HttpContent body = how switch
        {
            "npy" => Sent.Npy(Sent.NpyOf(_k, Rows, 2, 8), Sent.NpyOf(_v, Rows, 2, 4)),
            "npy, many documents" => Sent.Npy(
                Sent.NpyOf(_k.AsSpan(0, half * 16), half, 2, 8),
                Sent.NpyOf(_v.AsSpan(0, half * 8), half, 2, 4),
                Sent.NpyOf(_k.AsSpan(half * 16), Rows - half, 2, 8),
                Sent.NpyOf(_v.AsSpan(half * 8), Rows - half, 2, 4)),
            "npy, both" => Sent.Npy(Sent.NpyOf(Both, Rows, 2, 12)),
            "npy, float64" => Sent.Npy(
                [.. Sent.NpyHead("<f8", Rows, 2, 8), .. _k.SelectMany(static x => BitConverter.GetBytes((double)x))], [.. Sent.NpyHead("<f8", Rows, 2, 4), .. _v.SelectMany(static x => BitConverter.GetBytes((double)x))]),
            "safetensors" => Sent.Of(Sent.Safetensors("", K, V), Sent.SafetensorsType),
            "safetensors, v first" => Sent.Of(Sent.Safetensors("""{"format":"pt"}""", V, K), Sent.SafetensorsType),
            "safetensors, both" => Sent.Of(Sent.Safetensors("", ("kv", "F32", [Rows, 2, 12], Sent.Raw(Both))), Sent.SafetensorsType),
            "messagepack" => Sent.Of(Sent.MessagePack(("k", "float32", [Rows, 2, 8], Sent.Raw(_k)), ("v", "<f4", [Rows, 2, 4], Sent.Raw(_v))), Sent.MessagePackType),
            _ => Sent.Of(
                [
                    .. Sent.MessagePack(("k", "float32", [half, 2, 8], Sent.Raw(_k.AsSpan(0, half * 16))), ("v", "float32", [half, 2, 4], Sent.Raw(_v.AsSpan(0, half * 8)))),
                    .. Sent.MessagePack(("kv", "float32", [Rows - half, 2, 12], Sent.Raw(Both.AsSpan(half * 24)))),
                ],
                "application/msgpack"),
        };

        // Parts of 64 KiB: every body is appended in several.
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { SliceBytes = 1 << 16 });
        await server.CreateAsync("s", Spec);
        JsonNode appended = (await server.SendAsync("POST", "/v1/sequences/s/append?position=0", body)).Is(200).Json;
        Assert.Equal((0, Rows, Rows), ((int?)appended["firstPosition"], (int?)appended["count"], (int?)appended["length"]));
        Answer answer = (await server.SendAsync("POST", "/v1/sequences/s/attend?mask=causal", Sent.Npy(Sent.NpyOf(_q, QueryRows, 4, 8)))).Is(200);
        (float[] o, float[] lse) = await ExpectedAsync(new AttendOptions { Mask = AttentionMask.Causal });
        Assert.Equal([o, lse], Sent.ReadNpy(answer.Body));
        Assert.Equal(("0", $"{Rows}", $"{Rows - QueryRows}"), (answer.Header("DistAttention-Epoch"), answer.Header("DistAttention-Length"), answer.Header("DistAttention-First-Query-Position")));
    }

    [Fact]
    public async Task AnswersHaveTheFormatThatIsAccepted()
    {
        await using TestServer server = await LoadedAsync();
        (float[] o, float[] lse) = await ExpectedAsync(new AttendOptions());
        HttpContent Body() => Sent.Of(Sent.Safetensors("", Q), Sent.SafetensorsType);

        Answer same = (await server.SendAsync("POST", "/v1/sequences/s/attend", Body())).Is(200);
        Assert.Equal(Sent.SafetensorsType, same.ContentType);
        int header = (int)BitConverter.ToInt64(same.Body);
        JsonNode json = JsonNode.Parse(same.Body.AsSpan(8, header))!;
        Assert.Equal(["o", "lse"], json.AsObject().Select(static e => e.Key).Where(static n => n != "__metadata__"));
        Assert.Equal("[5,4,4]", json["o"]!["shape"]!.ToJsonString());
        Assert.Equal([.. o, .. lse], Sent.Floats(same.Body.AsSpan(8 + header)));

        foreach ((string accept, string type) in new[]
        {
            ("application/x-npy", Sent.NpyType), ("*/*", Sent.SafetensorsType), ("application/x-npy;q=0.5, application/vnd.msgpack", Sent.MessagePackType),
            ("application/*;q=0.1, application/x-npy;q=0.9", Sent.NpyType), ("text/html, application/msgpack;q=0.2", Sent.MessagePackType),
        })
        {
            Assert.Equal(type, (await server.SendAsync("POST", "/v1/sequences/s/attend", Body(), ("Accept", accept))).Is(200).ContentType);
        }

        (await server.SendAsync("POST", "/v1/sequences/s/attend", Body(), ("Accept", "text/html"))).Problem(406, "not-acceptable");
        (await server.SendAsync("POST", "/v1/sequences/s/attend", Body(), ("Accept", "application/x-npy;q=0"))).Problem(406, "not-acceptable");
        Answer packed = (await server.SendAsync("POST", "/v1/sequences/s/attend", Body(), ("Accept", Sent.MessagePackType))).Is(200);
        Assert.Equal(Sent.Raw(lse), packed.Body[^(lse.Length * 4)..]);
        Assert.Equal(0x82, packed.Body[0]);
    }

    [Fact]
    public async Task WhatIsWantedOfAnAnswerIsAllThatComes()
    {
        await using TestServer server = await LoadedAsync();
        (float[] o, float[] lse) = await ExpectedAsync(new AttendOptions());
        foreach ((string outputs, float[][] expected) in new[] { ("o", new[] { o }), ("lse", [lse]), ("o,lse", [o, lse]) })
        {
            Answer answer = (await server.SendAsync("POST", $"/v1/sequences/s/attend?outputs={outputs}", Sent.Npy(Sent.NpyOf(_q, QueryRows, 4, 8)))).Is(200);
            Assert.Equal(expected, Sent.ReadNpy(answer.Body));
        }

        (await server.SendAsync("POST", "/v1/sequences/s/attend?outputs=p", Sent.Npy(Sent.NpyOf(_q, QueryRows, 4, 8)))).Problem(400, "invalid-parameter");
        Answer none = (await server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Npy(Sent.NpyOf([], 0, 4, 8)))).Is(200);
        Assert.Equal([[], []], Sent.ReadNpy(none.Body));
    }

    [Fact]
    public async Task OptionsAreThoseOfTheCommandLineAndTensorsStandForFiles()
    {
        await using TestServer server = await LoadedAsync();
        bool[] bits = [.. Enumerable.Range(0, QueryRows * Rows).Select(static i => i % 3 == 0)];
        float[] slopes = [0.5f, 0.25f, 0.125f, 0.0625f];
        AttendOptions options = new()
        {
            Mask = new BitMask(BitMatrix.FromBools(bits, QueryRows, Rows), Rows - QueryRows) & AttentionMask.Causal,
            Score = new ScaledDotScore { SmScale = 0.3f, SoftCap = 20, AlibiSlopes = FloatTable.Of(slopes), SinkLogits = FloatTable.Of([1f, 0.5f, 0, -1]) },
        };
        byte[] body = Sent.Safetensors("", ("m", "BOOL", [QueryRows, Rows], [.. bits.Select(static b => (byte)(b ? 1 : 0))]), ("slopes", "F32", [4], Sent.Raw(slopes)), Q);
        const string query = "mask=bits:m%26causal&scale=0.3&softcap=20&alibi=slopes&sinks=1,0.5,0,-1";
        Answer answer = (await server.SendAsync("POST", $"/v1/sequences/s/attend?{query}", Sent.Of(body, Sent.SafetensorsType), ("Accept", Sent.NpyType))).Is(200);
        (float[] o, float[] lse) = await ExpectedAsync(options);
        Assert.Equal([o, lse], Sent.ReadNpy(answer.Body));

        // The same texts beside the tensors, for what is too long for an address.
        byte[] texts = Sent.Safetensors("""{"mask":"bits:m & causal","scale":"0.3","softcap":"20","alibi":"slopes","sinks":"1,0.5,0,-1"}""", ("m", "BOOL", [QueryRows, Rows], [.. bits.Select(static b => (byte)(b ? 1 : 0))]), ("slopes", "F32", [4], Sent.Raw(slopes)), Q);
        Answer again = (await server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Of(texts, Sent.SafetensorsType), ("Accept", Sent.NpyType))).Is(200);
        Assert.Equal(answer.Body, again.Body);

        JsonNode plan = (await server.SendAsync("POST", $"/v1/sequences/s/explain?rows={QueryRows}&{query}", Sent.Of(Sent.Safetensors("", ("m", "BOOL", [QueryRows, Rows], [.. bits.Select(static b => (byte)(b ? 1 : 0))]), ("slopes", "F32", [4], Sent.Raw(slopes))), Sent.SafetensorsType))).Is(200).Json;
        Assert.Equal(bits.Where((b, i) => b && i % Rows <= Rows - QueryRows + (i / Rows)).Count(), (int?)plan["unmaskedPairs"]);
        Assert.Contains("before the queries", (string?)(await server.SendAsync("POST", "/v1/sequences/s/attend?mask=bits:other", Sent.Of(body, Sent.SafetensorsType))).Problem(400, "malformed-tensor")["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADecodeStepIsOneCallAndCountsOnceUnderItsKey()
    {
        await using TestServer server = await LoadedAsync();
        byte[] body = [.. Sent.NpyOf(_k.AsSpan(0, 16), 1, 2, 8), .. Sent.NpyOf(_v.AsSpan(0, 8), 1, 2, 4), .. Sent.NpyOf(_q.AsSpan(0, 32), 1, 4, 8)];
        Answer first = (await server.SendAsync("POST", "/v1/sequences/s/append-and-attend", Sent.Of(body, Sent.NpyType), ("Idempotency-Key", "step"))).Is(200);
        Answer again = (await server.SendAsync("POST", "/v1/sequences/s/append-and-attend", Sent.Of(body, Sent.NpyType), ("Idempotency-Key", "step"))).Is(200);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal($"{Rows + 1}", first.Header("DistAttention-Length"));
        Answer named = (await server.SendAsync(
            "POST",
            "/v1/sequences/s/append-and-attend?mask=causal",
            Sent.Of(Sent.MessagePack(("k", "float32", [1, 2, 8], Sent.Raw(_k.AsSpan(0, 16))), ("v", "float32", [1, 2, 4], Sent.Raw(_v.AsSpan(0, 8))), ("q", "float32", [1, 4, 8], Sent.Raw(_q.AsSpan(0, 32)))), Sent.MessagePackType),
            ("Accept", Sent.NpyType))).Is(200);
        Assert.Equal($"{Rows + 2}", named.Header("DistAttention-Length"));
        Assert.Equal(Rows + 2, (int?)(await server.GetAsync("/v1/sequences/s")).Json["length"]);
    }

    [Fact]
    public async Task AnAppendSentAgainAppendsNothingAndAnotherUnderItsKeyIsRefused()
    {
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { SliceBytes = 1 << 16 });
        await server.CreateAsync("s", Spec);
        HttpContent Body() => Sent.Npy(Sent.NpyOf(_k, Rows, 2, 8), Sent.NpyOf(_v, Rows, 2, 4));
        string first = (await server.SendAsync("POST", "/v1/sequences/s/append", Body(), ("Idempotency-Key", "load"))).Is(200).Text;
        Assert.Equal(first, (await server.SendAsync("POST", "/v1/sequences/s/append", Body(), ("Idempotency-Key", "load"))).Is(200).Text);
        Assert.Equal(2 * Rows, (int?)(await server.SendAsync("POST", "/v1/sequences/s/append", Body())).Is(200).Json["length"]);
        HttpContent other = Sent.Npy(Sent.NpyOf(_k.AsSpan(0, 16), 1, 2, 8), Sent.NpyOf(_v.AsSpan(0, 8), 1, 2, 4));
        (await server.SendAsync("POST", "/v1/sequences/s/append", other, ("Idempotency-Key", "load"))).Problem(409, "append-conflict");
        (await server.SendAsync("POST", "/v1/sequences/s/append?position=3", Body())).Problem(409, "append-conflict");
    }

    [Fact]
    public async Task ALaterPartThatFailsLeavesThoseBeforeAndSaysSo()
    {
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { SliceBytes = 1 << 16 });
        await server.CreateAsync("s", Spec);
        float[] broken = [.. _v];
        broken[(690 * 8) + 5] = float.NaN;
        JsonNode problem = (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(_k, Rows, 2, 8), Sent.NpyOf(broken, Rows, 2, 4)))).Problem(422, "invalid-tensor");
        Assert.Equal(("v", 690, 1), ((string?)problem["tensor"], (int?)problem["token"], (int?)problem["head"]));
        int stored = (int)problem["appended"]!["count"]!;
        Assert.InRange(stored, 1, 690);
        Assert.Equal(stored, (int?)(await server.GetAsync("/v1/sequences/s")).Json["length"]);
    }

    [Fact]
    public async Task HalvesAreStoredAsTheyAre()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.CreateAsync("s", """{"numHeadsQ": 4, "numHeadsKv": 2, "headDim": 8, "headDimV": 4, "kvType": "float16"}""");
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy([.. Sent.NpyHead("<f2", Rows, 2, 8), .. Sent.RawHalves(_k)], [.. Sent.NpyHead("<f2", Rows, 2, 4), .. Sent.RawHalves(_v)]))).Is(200);
        Answer answer = (await server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Npy(Sent.NpyOf(_q, QueryRows, 4, 8)))).Is(200);
        (float[] o, float[] lse) = await ExpectedAsync(new AttendOptions(), _spec with { KvType = KvDataType.Float16 });
        Assert.Equal([o, lse], Sent.ReadNpy(answer.Body));
    }

    public static TheoryData<string, string, byte[], int, string, string> Malformed => new()
    {
        { "nothing", Sent.NpyType, [], 400, "malformed-tensor", "ends where k should come" },
        { "no npy", Sent.NpyType, "just some text"u8.ToArray(), 400, "malformed-tensor", "is no .npy" },
        { "k alone", Sent.NpyType, Sent.NpyOf(new float[16], 1, 2, 8), 400, "malformed-tensor", "ends where v should come" },
        { "cut", Sent.NpyType, Sent.NpyOf(new float[16], 1, 2, 8)[..^3], 400, "malformed-tensor", "takes 64 bytes, but 61 are left" },
        { "more than there is", Sent.NpyType, Sent.NpyHead("<f4", 1L << 40, 2, 8), 400, "malformed-tensor", "is truncated" },
        { "more than any", Sent.NpyType, Sent.NpyHead("<f4", 1L << 60, 1L << 20, 8), 400, "malformed-tensor", "more than any file can hold" },
        { "other shape", Sent.NpyType, Sent.NpyOf(new float[15], 1, 3, 5), 422, "shape-mismatch", "k must be [rows, 2, 8], but is [1, 3, 5]" },
        { "other rows", Sent.NpyType, [.. Sent.NpyOf(new float[16], 1, 2, 8), .. Sent.NpyOf(new float[16], 2, 2, 4)], 422, "shape-mismatch", "v must be of 1 rows" },
        { "fortran", Sent.NpyType, [0x93, .. "NUMPY"u8, 1, 0, 61, 0, .. "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2, 8), }"u8], 400, "malformed-tensor", "Fortran order" },
        { "integers", Sent.NpyType, [.. Sent.NpyHead("<i4", 1, 2, 8), .. new byte[64]], 400, "malformed-tensor", "as int32" },
        { "safetensors header", Sent.SafetensorsType, [0, 0, 0, 0, 0, 0, 0, 1], 400, "malformed-tensor", "header of" },
        { "safetensors json", Sent.SafetensorsType, [2, 0, 0, 0, 0, 0, 0, 0, .. "{]"u8], 400, "malformed-tensor", "not valid JSON" },
        { "safetensors other", Sent.SafetensorsType, Sent.Safetensors("", ("x", "F32", [1, 2, 8], new byte[64])), 400, "malformed-tensor", "tensor 'x' where k, v or kv should come" },
        { "safetensors twice", Sent.SafetensorsType, [.. Sent.Safetensors("", ("k", "F32", [1, 2, 8], new byte[64])), .. Sent.Safetensors("", ("k", "F32", [1, 2, 8], new byte[64]))], 400, "malformed-tensor", "tensor 'k' where v should come" },
        { "messagepack type", Sent.MessagePackType, [0x93, 1, 2, 3], 400, "malformed-tensor", "byte 0x93 where a map of tensors, a map, should begin" },
        { "messagepack size", Sent.MessagePackType, [0xdf, 0xff, 0xff, 0xff, 0xff], 400, "malformed-tensor", "4,294,967,295 entries" },
        { "messagepack name", Sent.MessagePackType, [0x81, 0xdb, 0xff, 0xff, 0xff, 0xff], 400, "malformed-tensor", "4,294,967,295 bytes in the name of a tensor" },
        { "messagepack data", Sent.MessagePackType, Sent.MessagePack(("k", "float32", [1, 2, 8], new byte[60])), 400, "malformed-tensor", "64 bytes, but gives it 60" },
        { "messagepack cut", Sent.MessagePackType, Sent.MessagePack(("k", "float32", [1, 2, 8], new byte[64]))[..20], 400, "malformed-tensor", "is truncated" },
        { "messagepack dtype", Sent.MessagePackType, Sent.MessagePack(("k", "complex64", [1, 2, 8], new byte[64])), 400, "malformed-tensor", "'complex64'" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task WhatIsWrongWithABodyIsNamedBeforeAnythingIsStored(string what, string type, byte[] body, int status, string kind, string detail)
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.CreateAsync("s", Spec);
        JsonNode problem = (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Of(body, type))).Problem(status, kind);
        Assert.True(((string)problem["detail"]!).Contains(detail, StringComparison.Ordinal), $"{what}: {problem["detail"]}");
        Assert.Equal(0, (int?)(await server.GetAsync("/v1/sequences/s")).Json["length"]);
    }

    [Fact]
    public async Task WhatWouldHaveToBeHeldIsBounded()
    {
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { MaxHeldBytes = 1 << 20 });
        await server.CreateAsync("s", Spec);
        int rows = (1 << 20) / 64;
        float[] k = new float[(rows + 1) * 16];
        JsonNode problem = (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(k, rows + 1, 2, 8), Sent.NpyOf(new float[(rows + 1) * 8], rows + 1, 2, 4)))).Problem(413, "too-large");
        Assert.Contains("send kv [rows, 2, 12]", (string?)problem["detail"], StringComparison.Ordinal);
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(k.AsSpan(16), rows, 2, 8), Sent.NpyOf(new float[rows * 8], rows, 2, 4)))).Is(200);
        byte[] mask = Sent.Safetensors("", ("m", "U8", [1025, 1024], new byte[1025 * 1024]), Q);
        (await server.SendAsync("POST", "/v1/sequences/s/attend?mask=bits:m", Sent.Of(mask, Sent.SafetensorsType))).Problem(413, "too-large");
    }

    private static async Task<TestServer> LoadedAsync()
    {
        TestServer server = await TestServer.StartAsync();
        await server.CreateAsync("s", Spec);
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(_k, Rows, 2, 8), Sent.NpyOf(_v, Rows, 2, 4)))).Is(200);
        return server;
    }

    private static async Task<(float[] O, float[] Lse)> ExpectedAsync(AttendOptions options, SequenceSpec? spec = null)
    {
        await using EmbeddedAttention engine = new(new EmbeddedOptions { ComputeThreads = 1 });
        IAttentionSequence sequence = await engine.CreateSequenceAsync("s", spec ?? _spec);
        await sequence.AppendAsync(_k, _v);
        AttentionResult result = await sequence.AttendAsync(_q, options);
        return (result.Output.ToArray(), result.Lse.ToArray());
    }
}
