using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DistAttention.Client;
using DistAttention.Contracts.Access;
using DistAttention.Engine;
using DistAttention.Engine.TensorFiles;
using DistAttention.Silo.Tests.Security;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Http;

/// <summary>Callers over HTTP are the clients whose tokens they show: no more, no less, and never the silo.</summary>
[Collection(SecureCollection.Name)]
public sealed class HttpApiTests(SecureCluster cluster)
{
    private const int Rows = 3000;

    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 64, ShardLength = 1024 };

    [Fact]
    public async Task ATenantSeesItsOwnSequencesOnEverySiloAndNoOthers()
    {
        string name = $"http/{Guid.NewGuid():N}";
        Assert.Equal(name, (string?)(await SendAsync(0, cluster.A, "PUT", At(name), Spec())).Is(201)["id"]);
        foreach (int silo in (int[])[0, 1])
        {
            Assert.Equal(name, (string?)(await SendAsync(silo, cluster.A, "GET", At(name))).Is(200)["id"]);
            JsonNode missing = (await SendAsync(silo, cluster.B, "GET", At(name))).Is(404);
            Assert.Equal((name, $"There is no sequence '{name}'."), ((string?)missing["sequence"], (string?)missing["detail"]));
            Assert.Equal([name], (await SendAsync(silo, cluster.A, "GET", $"/v1/sequences?prefix={name}")).Is(200)["sequences"]!.AsArray().Select(static s => (string)s!["id"]!));
            Assert.Empty((await SendAsync(silo, cluster.B, "GET", $"/v1/sequences?prefix={name}")).Is(200)["sequences"]!.AsArray());
            (await SendAsync(silo, cluster.B, "DELETE", At(name))).Is(404);
        }

        (await SendAsync(1, cluster.B, "PUT", At(name), Spec())).Is(201); // its own of that name
        Assert.Equal(name, (string?)(await SendAsync(0, cluster.B, "PUT", At(name), Spec())).Is(409)["sequence"]);
        await using DistAttentionClient direct = await cluster.ConnectAsync(cluster.A);
        Assert.Equal(name, (await direct.OpenSequenceAsync(name)).Id.Value);
    }

    [Fact]
    public async Task ATokenAllowsWhatItsRightsSay()
    {
        string name = $"http/{Guid.NewGuid():N}";
        (await SendAsync(0, cluster.A, "PUT", At(name), Spec())).Is(201);
        (await SendAsync(0, cluster.A, "POST", At(name) + "/append", Npy(1, 2))).Is(200);
        (await SendAsync(1, cluster.Reader, "GET", At(name))).Is(200);
        (await SendAsync(1, cluster.Reader, "POST", At(name) + "/attend", Npy(1, 4, 1))).Is(200);
        foreach ((string method, string address, HttpContent? body) in new (string, string, HttpContent?)[]
        {
            ("POST", At(name) + "/append", Npy(1, 2)), ("DELETE", At(name), null), ("PUT", At(name + "/new"), Spec()), ("POST", At(name) + "/truncate", Json("""{"length": 0}""")),
        })
        {
            Assert.Equal("/v1/problems/access-denied", (string?)(await SendAsync(0, cluster.Reader, method, address, body)).Is(403)["type"]);
        }

        Assert.Equal(1, (int?)(await SendAsync(0, cluster.A, "GET", At(name))).Is(200)["length"]);
    }

    [Fact]
    public async Task WhoShowsNoTokenIsNobodyEvenOnAConnectionOfSomebody()
    {
        string name = $"http/{Guid.NewGuid():N}";
        using HttpClient one = NewClient(0);
        (await SendAsync(one, cluster.A, "PUT", At(name), Spec())).Is(201);
        (await SendAsync(one, null, "GET", At(name))).Is(401);
        (await SendAsync(one, cluster.B, "GET", At(name))).Is(404);
        (await SendAsync(one, SecureCluster.NewToken("a"), "GET", At(name))).Is(401);
        (await SendAsync(one, null, "GET", "/v1/openapi.json")).Is(200);
        (await SendAsync(one, cluster.A, "GET", At(name))).Is(200);
    }

    [Fact]
    public async Task BitsAreThoseOfOneProcess()
    {
        string name = $"http/{Guid.NewGuid():N}";
        float[] k = new SeededData(1).Normal(Rows * 2 * 64);
        float[] v = new SeededData(2).Normal(Rows * 2 * 64);
        float[] q = new SeededData(3).Normal(20 * 4 * 64);
        (await SendAsync(0, cluster.A, "PUT", At(name), Spec())).Is(201);
        Assert.Equal(Rows, (int?)(await SendAsync(0, cluster.A, "POST", At(name) + "/append", Npy((k, [Rows, 2, 64]), (v, [Rows, 2, 64])))).Is(200)["count"]);
        await using EmbeddedAttention engine = new(new EmbeddedOptions { ComputeThreads = 1 });
        IAttentionSequence sequence = await engine.CreateSequenceAsync("s", _spec);
        await sequence.AppendAsync(k, v);
        AttentionResult expected = await sequence.AttendAsync(q, new AttendOptions { Mask = AttentionMask.Causal });
        foreach (int silo in (int[])[0, 1])
        {
            Reply answer = await SendAsync(silo, cluster.Reader, "POST", At(name) + "/attend?mask=causal&outputs=o", Npy((q, [20, 4, 64])));
            Assert.Equal(200, answer.Status);
            Assert.Equal(Bytes(expected.Output.Span), answer.Body[^(expected.Output.Length * sizeof(float))..]);
        }

        JsonNode plan = (await SendAsync(1, cluster.A, "GET", At(name) + "/explain?rows=20&mask=causal")).Is(200);
        Assert.Equal(3, plan["owners"]!.AsArray().Sum(static o => o!["shards"]!.AsArray().Count));
    }

    private static string At(string name) => $"/v1/sequences/{Uri.EscapeDataString(name)}";

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static StringContent Spec() => Json("""{"numHeadsQ": 4, "numHeadsKv": 2, "headDim": 64, "shardLength": 1024}""");

    /// <summary>Tensors of ones, [rows, heads, 64].</summary>
    private static ByteArrayContent Npy(int rows, int heads, int tensors = 2) =>
        Npy([.. Enumerable.Repeat((Enumerable.Repeat(1f, rows * heads * 64).ToArray(), new long[] { rows, heads, 64 }), tensors)]);

    private static ByteArrayContent Npy(params (float[] Values, long[] Shape)[] tensors)
    {
        using MemoryStream body = new();
        foreach ((float[] values, long[] shape) in tensors)
        {
            string path = Path.GetTempFileName();
            using (NpyWriter writer = NpyWriter.Create(path, shape))
            {
                writer.Write(values);
                writer.Finish();
                writer.Publish();
            }

            body.Write(File.ReadAllBytes(path));
            File.Delete(path);
        }

        ByteArrayContent content = new(body.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-npy");
        return content;
    }

    private static byte[] Bytes(ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray();

    private async Task<Reply> SendAsync(int silo, ApiToken? token, string method, string address, HttpContent? body = null)
    {
        using HttpClient http = NewClient(silo);
        return await SendAsync(http, token, method, address, body);
    }

    private static async Task<Reply> SendAsync(HttpClient http, ApiToken? token, string method, string address, HttpContent? body = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(address, UriKind.Relative)) { Content = body };
        request.Headers.Authorization = token is { } shown ? new AuthenticationHeaderValue("Bearer", shown.Text) : null;
        using HttpResponseMessage response = await http.SendAsync(request);
        return new Reply((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    private HttpClient NewClient(int silo) => new(new SocketsHttpHandler { MaxConnectionsPerServer = 1, SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } })
    {
        BaseAddress = cluster.Apis[silo],
        Timeout = TimeSpan.FromSeconds(60),
    };

    private sealed record Reply(int Status, byte[] Body)
    {
        public JsonNode Is(int status)
        {
            Assert.True(Status == status, $"{Status} instead of {status}: {Encoding.UTF8.GetString(Body)}");
            return Body.Length > 0 && Body[0] == '{' ? JsonNode.Parse(Body)! : new JsonObject();
        }
    }
}
