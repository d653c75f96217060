using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;
using DistAttention.Testing;

namespace DistAttention.Cli.Tests;

/// <summary>Masks on the command line: what files give is what the same mask from code gives, and what is wrong is said in one line.</summary>
public sealed class MaskTests : IDisposable
{
    private const int Tokens = 300;

    private readonly Workspace _files = new();
    private readonly SeededData _data = new(81);

    public MaskTests()
    {
        foreach ((string name, ulong seed) in (IEnumerable<(string, ulong)>)[("q.npy", 1), ("k.npy", 2), ("v.npy", 3)])
        {
            _files.WriteNormal(name, seed, Tokens, 1, 8);
        }
    }

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("causal & window:64")]
    [InlineData("prefix:100")]
    [InlineData("streaming:sinks=4,window=20")]
    [InlineData("longformer:window=32,global=0;17")]
    [InlineData("bigbird:window=3,global=1,random=2,seed=1,block=16")]
    [InlineData("image:15,20,window=7")]
    [InlineData("!(dilated:3 | last:9)")]
    [InlineData("segments:FOLDER/ids.npy & causal")]
    [InlineData("segments:indptr=FOLDER/bounds.npy")]
    [InlineData("graph:FOLDER/indptr.npy,FOLDER/indices.npy")]
    [InlineData("blocks:FOLDER/map.npy,block=20")]
    [InlineData("bits:FOLDER/bits.npy | keys:0")]
    public async Task AttendAgreesWithTheDefinition(string text)
    {
        bool[] bits = WriteMaskFiles();
        string mask = text.Replace("FOLDER/", Path.GetDirectoryName(_files["x"]) + "/", StringComparison.Ordinal);
        JsonNode done = (await Distattn.RunAsync([.. _files.Attend("--mask", mask, "--lse", _files["lse.npy"], "--json")])).Ok().Json;
        JsonNode plan = (await Distattn.RunAsync(["explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--mask", mask, "--json"])).Ok().Json;

        AttentionMask same = AttentionMask.Parse(mask, new TheFiles(bits));
        ReferenceAttention reference = new(_files.Read("q.npy").Values, _files.Read("k.npy").Values, _files.Read("v.npy").Values, 1, 1, 8, 8) { Mask = same };
        (double[] output, double[] lse) = reference.Compute();
        Assert.InRange(Errors.Largest(_files.Read("o.npy").Values, output), 0, 2.5e-6);
        Assert.InRange(Errors.Largest(_files.Read("lse.npy").Values, lse), 0, 2.5e-6);
        long visible = Enumerable.Range(0, Tokens * Tokens).Count(i => same.IsVisible(i / Tokens, i % Tokens));
        Assert.Equal(visible, (long)plan["unmaskedPairs"]!);
        Assert.Equal((double)plan["flops"]!, (double)done["flops"]!);
    }

    [Theory]
    [InlineData("casual", "did you mean 'causal'?")]
    [InlineData("causal & windw:3", "character 10: 'windw' is no mask; did you mean 'window'?")]
    [InlineData("window:4x", "character 8: '4x' is not a whole number")]
    public async Task AWrongTextIsAUsageError(string mask, string problem) =>
        (await Distattn.RunAsync([.. _files.Attend("--mask", mask)])).Failed(2, problem);

    [Theory]
    [InlineData("bits:FOLDER/nothing.npy", "nothing.npy: there is no such file")]
    [InlineData("bits:FOLDER/ids.npy", "ids.npy: has the shape [300]; a matrix is needed here")]
    [InlineData("bits:FOLDER/q.npy", "q.npy: holds elements of type '<f4'; masks are read from")]
    [InlineData("segments:FOLDER/bits.npy", "bits.npy: has the shape [300, 300]; a vector is needed here")]
    [InlineData("graph:FOLDER/ids.npy,FOLDER/indices.npy", "indptr: it does not start with 0")]
    [InlineData("graph:FOLDER/indptr.npy,FOLDER/ids.npy", "holds -1, which is no position of a graph")]
    [InlineData("causal & segments:indptr=FOLDER/indices.npy", "character 26: indptr:")]
    public async Task AWrongFileIsOneLine(string text, string problem)
    {
        WriteMaskFiles();
        string mask = text.Replace("FOLDER/", Path.GetDirectoryName(_files["x"]) + "/", StringComparison.Ordinal);
        (await Distattn.RunAsync([.. _files.Attend("--mask", mask)])).Failed(1, problem);
    }

    [Fact]
    public async Task AnalyzeSaysWhatEachStepTook()
    {
        string[] explain = ["explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--mask", "causal", "--analyze"];
        JsonNode plan = (await Distattn.RunAsync([.. explain, "--json"])).Ok().Json;
        JsonArray steps = plan["steps"]!.AsArray();
        Assert.Equal(["plan", "ask", "merge", "finish"], steps.Select(static s => (string)s!["step"]!));
        Assert.All(steps, static s => Assert.True((double)s!["predictedSeconds"]! >= 0 && (double)s["seconds"]! >= 0));
        Assert.True((double)steps[1]!["seconds"]! > 0);
        Assert.True((double)plan["analysis"]!["seconds"]! > 0);
        Assert.Equal((long)plan["blocksVisited"]!, (long)plan["analysis"]!["blocksComputed"]!);
        Assert.Equal(0, (long)plan["analysis"]!["retries"]!);
        string tree = (await Distattn.RunAsync(explain)).Ok().Out;
        Assert.Contains("measured", tree, StringComparison.Ordinal);
        Assert.Contains("0 of 1 partial", tree, StringComparison.Ordinal);
    }

    private bool[] WriteMaskFiles()
    {
        bool[] bits = [.. Enumerable.Range(0, Tokens * Tokens).Select(_ => _data.NextUniform() < 0.3)];
        WriteNpy("bits.npy", "|b1", $"({Tokens}, {Tokens})", [.. bits.Select(static b => (byte)(b ? 1 : 0))]);
        WriteNpy("map.npy", "|u1", "(15, 15)", TheFiles.Map);
        WriteNpy("ids.npy", "<i4", $"({Tokens},)", MemoryMarshal.AsBytes(TheFiles.Ids.Select(static i => (int)i).ToArray().AsSpan()).ToArray());
        WriteNpy("bounds.npy", "<i8", "(4,)", MemoryMarshal.AsBytes(TheFiles.Bounds.AsSpan()).ToArray());
        WriteNpy("indptr.npy", "<i8", $"({Tokens + 1},)", MemoryMarshal.AsBytes(TheFiles.Indptr.AsSpan()).ToArray());
        WriteNpy("indices.npy", "<i2", $"({3 * Tokens},)", MemoryMarshal.AsBytes(TheFiles.Indices.Select(static i => (short)i).ToArray().AsSpan()).ToArray());
        return bits;
    }

    private void WriteNpy(string name, string descr, string shape, byte[] data)
    {
        string header = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}";
        header = header.PadRight(((10 + header.Length + 1 + 63) / 64 * 64) - 11) + "\n";
        byte[] prefix = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)];
        _files.WriteBytes(name, [.. prefix, .. Encoding.Latin1.GetBytes(header), .. data]);
    }

    /// <summary>The same data without files.</summary>
    private sealed class TheFiles(bool[] bits) : IMaskFiles
    {
        public static byte[] Map => [.. Enumerable.Range(0, 225).Select(static i => (byte)(i % 4 == 0 ? 7 : 0))];

        public static long[] Ids => [.. Enumerable.Range(0, Tokens).Select(static i => (long)(i / 70 % 3) - 1)];

        public static long[] Bounds => [0, 90, 90, 280];

        public static long[] Indptr => [.. Enumerable.Range(0, Tokens + 1).Select(static i => 3L * i)];

        public static long[] Indices => [.. Enumerable.Range(0, 3 * Tokens).Select(static i => i * 37L % Tokens)];

        public long FirstQueryPosition => 0;

        public BitMatrix ReadBits(string name) => name.EndsWith("bits.npy", StringComparison.Ordinal)
            ? BitMatrix.FromBools(bits, Tokens, Tokens)
            : BitMatrix.FromBools([.. Map.Select(static b => b != 0)], 15, 15);

        public long[] ReadIntegers(string name) => Path.GetFileNameWithoutExtension(name) switch
        {
            "ids" => Ids,
            "bounds" => Bounds,
            "indptr" => Indptr,
            _ => Indices,
        };
    }
}
