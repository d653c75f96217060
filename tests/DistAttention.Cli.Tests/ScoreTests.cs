using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;
using DistAttention.Testing;

namespace DistAttention.Cli.Tests;

/// <summary>Every score through <c>attend</c>: as good as a plain float32 program, and what is asked for.</summary>
public sealed class ScoreTests : IDisposable
{
    private const int HeadsQ = 4;
    private const int HeadsKv = 2;
    private const int HeadDim = 20;
    private const int HeadDimV = 12;

    private readonly Workspace _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<string> Scores() =>
    [
        "--score dot --scale-less",
        "--score multiplicative:{w}",
        "--score multiplicative:{w} --scale 0.2 --softcap 3",
        "--score additive:v={av},wq={wq},wk={wk}",
        "--score additive:v={av},wq={wq},wk={wk} --alibi standard --sinks 0.5",
        "--softcap 50",
        "--softcap 0.5",
        "--alibi standard",
        "--alibi 0.5,0.25,0.1,0.01",
        "--relative-bias table:{table}",
        "--score dot --relative-bias t5:{t5},bidirectional,max-distance=64",
        "--sinks 1,2,3,4",
        "--rope standard",
        "--rope yarn:factor=8,trained=256,layout=interleaved,dims=12,first=4 --softcap 30 --kv-type float16",
        "--rope ntk:factor=4,base=500000 --kv-type bfloat16",
        "--score additive:v={av},wq={wq},wk={wk} --kv-type int8",
    ];

    [Theory]
    [MemberData(nameof(Scores))]
    public async Task ErrorsAreThoseOfFloat32(string options)
    {
        FillTensors(600);
        FillTables();
        foreach (string name in (string[])["w", "av", "wq", "wk", "table", "t5"])
        {
            options = options.Replace($"{{{name}}}", _files[$"{name}.npy"], StringComparison.Ordinal);
        }

        JsonNode report = await CheckAsync(["--mask", "causal", .. options.Replace(" --scale-less", "", StringComparison.Ordinal).Split(' ')]);
        AssertAsGoodAsFloat32(report);
    }

    [Fact]
    public async Task LatentKeysHoldTheirValues()
    {
        float[] q = _files.WriteNormal("q.npy", 1, 30, 8, 24);
        float[] k = _files.WriteNormal("k.npy", 2, 700, 1, 24);
        string[] command = ["attend", "--q", _files["q.npy"], "--k", _files["k.npy"], "--value-from-key-prefix", "16", "--rope", "standard:first=16", "--out", _files["o.npy"], "--json", "--check", "30"];
        JsonNode report = (await Distattn.RunAsync(command)).Ok().Json;
        AssertAsGoodAsFloat32(report);
        Assert.Null(report["v"]);
        Assert.Equal([30L, 8, 16], _files.Read("o.npy").Shape);
        Assert.NotEmpty(q.Concat(k));
    }

    [Fact]
    public async Task OptionsMeanWhatTheLibraryDoes()
    {
        (float[] q, float[] k, float[] v) = FillTensors(300);
        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"], "--softcap", "2", "--alibi", "standard", "--sinks", "1"))).Ok();
        SequenceSpec spec = new() { NumHeadsQ = HeadsQ, NumHeadsKv = HeadsKv, HeadDim = HeadDim, HeadDimV = HeadDimV };
        ScoreFunction score = new ScaledDotScore { SoftCap = 2, AlibiSlopes = Alibi.Slopes(HeadsQ), SinkLogits = FloatTable.Of([1f]) };
        (double[] o, double[] lse) = new ReferenceAttention(q, k, v, spec, score).Compute();
        Assert.True(Errors.Largest(_files.Read("o.npy").Values, o) < 1e-6);
        Assert.True(Errors.Largest(_files.Read("lse.npy").Values, lse) < 2e-6);
    }

    [Fact]
    public async Task TablesThatDoNotFitAreNamed()
    {
        FillTensors(20);
        _files.Write("odd.npy", new float[HeadsQ * 4], HeadsQ, 4);
        _files.Write("nan.npy", [1, 2, float.NaN, 4], 4);
        (await Distattn.RunAsync(_files.Attend("--alibi", "1,2,3"))).Failed(1, "AlibiSlopes: its shape [3] is for 3 query heads; the sequence has 4");
        (await Distattn.RunAsync(_files.Attend("--relative-bias", $"table:{_files["odd.npy"]}"))).Failed(1, "its shape [4, 4] is not [heads, 2 · radius + 1]");
        (await Distattn.RunAsync(_files.Attend("--sinks", _files["nan.npy"]))).Failed(1, "number 2 of [4] is not finite");
        (await Distattn.RunAsync(_files.Attend("--score", "dot", "--scale", "2"))).Failed(1, "scale: has no meaning with score dot");
        (await Distattn.RunAsync(_files.Attend("--score", $"multiplicative:{_files["nan.npy"]}"))).Failed(1, "has the shape [4]; 3 dimensions are needed, or 2 for all heads");
        (await Distattn.RunAsync(_files.Attend("--rope", "standard:dims=40"))).Failed(1, "a key has 20");
        (await Distattn.RunAsync([.. _files.Attend("--sinks", _files["nan.npy"])[..^3], _files["nan.npy"], "--sinks", _files["nan.npy"]])).Failed(1, "is an input; it would be overwritten");
    }

    private static void AssertAsGoodAsFloat32(JsonNode report)
    {
        JsonNode check = report["check"]!;
        Assert.Equal(30, (int)check["rows"]!);
        Assert.InRange((double)check["o"]!, 1e-9, (2 * (double)check["plainO"]!) + 2e-7);
        Assert.InRange((double)check["lse"]!, 1e-9, (2 * (double)check["plainLse"]!) + 6e-7);
        Assert.InRange((double)check["plainO"]!, 1e-9, 1e-4);
    }

    private async Task<JsonNode> CheckAsync(string[] options) =>
        (await Distattn.RunAsync(_files.Attend([.. options, "--json", "--check", "30"]))).Ok().Json;

    private (float[] Q, float[] K, float[] V) FillTensors(int positions) => (
        _files.WriteNormal("q.npy", 21, 50, HeadsQ, HeadDim),
        _files.WriteNormal("k.npy", 22, positions, HeadsKv, HeadDim),
        _files.WriteNormal("v.npy", 23, positions, HeadsKv, HeadDimV));

    private void FillTables()
    {
        Table("w", 31, HeadsQ, HeadDim, HeadDim);
        Table("av", 32, HeadsQ, 24);
        Table("wq", 33, HeadDim, 24);
        Table("wk", 34, HeadsKv, HeadDim, 24);
        Table("table", 35, HeadsQ, 65);
        Table("t5", 36, 32, HeadsQ);

        void Table(string name, ulong seed, params long[] shape) =>
            _files.Write($"{name}.npy", [.. new SeededData(seed).Normal((int)shape.Aggregate(1L, static (a, b) => a * b), 0.25)], shape);
    }
}
