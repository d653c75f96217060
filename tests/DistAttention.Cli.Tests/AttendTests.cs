using DistAttention.Cli.Tests.Running;
using DistAttention.Kernels;
using DistAttention.Testing;

namespace DistAttention.Cli.Tests;

/// <summary>What <c>attend</c> writes, against attention in double precision.</summary>
public sealed class AttendTests : IDisposable
{
    private const double Tolerance = 2.5e-6; // of unit-normal data, for o and for lse

    private readonly Workspace _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(1, 1, 7, 7, "")]
    [InlineData(4, 4, 64, 64, "--mask causal")]
    [InlineData(8, 2, 33, 17, "--mask causal --threads 1")]
    [InlineData(6, 1, 16, 48, "--mask full --scale 0.3")]
    [InlineData(2, 2, 40, 24, "--mask causal --first-query-position 100 --shard-length 1024")]
    [InlineData(2, 1, 8, 8, "--mask causal --first-query-position -60")]
    [InlineData(2, 1, 32, 32, "--kv-type float16")]
    [InlineData(2, 1, 32, 32, "--kv-type bfloat16 --mask causal")]
    [InlineData(4, 2, 32, 16, "--kv-type int8 --mask causal")]
    public async Task Results_agree_with_the_definition(int numHeadsQ, int numHeadsKv, int headDim, int headDimV, string options)
    {
        const int rows = 130;
        const int positions = 1_500;
        string[] words = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        float[] q = _files.WriteNormal("q.npy", 11, rows, numHeadsQ, headDim);
        float[] k = _files.WriteNormal("k.npy", 12, positions, numHeadsKv, headDim);
        float[] v = _files.WriteNormal("v.npy", 13, positions, numHeadsKv, headDimV);
        KvDataType type = Enum.Parse<KvDataType>(Value(words, "--kv-type") ?? "float32", ignoreCase: true);
        using PackedSequence stored = PackedSequence.Of(new KvLayout(numHeadsKv, headDim, headDimV, type), k, v);
        (k, v) = stored.Stored();

        (await Distattn.RunAsync(_files.Attend(["--lse", _files["lse.npy"], .. words]))).Ok();

        SequenceSpec spec = new() { NumHeadsQ = numHeadsQ, NumHeadsKv = numHeadsKv, HeadDim = headDim, HeadDimV = headDimV };
        float? scale = Value(words, "--scale") is { } text ? float.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
        ReferenceAttention reference = new(q, k, v, spec, new ScaledDotScore { SmScale = scale })
        {
            Mask = AttentionMask.Parse(Value(words, "--mask") ?? "full"),
            FirstQueryPosition = Value(words, "--first-query-position") is { } first ? long.Parse(first, System.Globalization.CultureInfo.InvariantCulture) : null,
        };
        (double[] o, double[] lse) = reference.Compute();
        Near(o, [rows, numHeadsQ, headDimV], "o.npy");
        Near(lse, [rows, numHeadsQ], "lse.npy");
    }

    [Fact]
    public async Task Two_dimensions_mean_one_head()
    {
        float[] q = _files.WriteNormal("q.npy", 1, 4, 8);
        float[] k = _files.WriteNormal("k.npy", 2, 9, 8);
        float[] v = _files.WriteNormal("v.npy", 3, 9, 5);

        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"]))).Ok();

        (double[] o, double[] lse) = new ReferenceAttention(q, k, v, 1, 1, 8, 5).Compute();
        Near(o, [4, 5], "o.npy");
        Near(lse, [4], "lse.npy");
    }

    [Fact]
    public async Task Rows_that_see_nothing_are_zero_with_an_lse_of_minus_infinity()
    {
        _files.WriteNormal("q.npy", 1, 2, 3, 8);
        _files.WriteNormal("k.npy", 2, 4, 3, 8);
        _files.WriteNormal("v.npy", 3, 4, 3, 8);
        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"], "--mask", "causal", "--first-query-position", "-2"))).Ok();
        Assert.All(_files.Read("o.npy").Values, static x => Assert.Equal(0, x));
        Assert.All(_files.Read("lse.npy").Values, static x => Assert.Equal(float.NegativeInfinity, x));

        _files.Write("k.npy", [], 0, 3, 8);
        _files.Write("v.npy", [], 0, 3, 8);
        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"]))).Ok();
        Assert.All(_files.Read("lse.npy").Values, static x => Assert.Equal(float.NegativeInfinity, x));

        _files.Write("q.npy", [], 0, 3, 8);
        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"], "--json"))).Ok();
        Assert.Equal([0L, 3, 8], _files.Read("o.npy").Shape);
        Assert.Equal([0L, 3], _files.Read("lse.npy").Shape);
    }

    [Fact]
    public async Task Other_element_types_and_safetensors_are_read()
    {
        float[] q = [1, 0.5f, -2, 0.25f];
        float[] k = [1, -1, 2, 0.5f, 0, 1];
        double[] v = [1, 2, 3];
        const string header =
            """{"q":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"k":{"dtype":"BF16","shape":[3,2],"data_offsets":[8,20]},"v":{"dtype":"F64","shape":[3,1],"data_offsets":[20,44]}}""";
        byte[] data =
        [
            .. q.SelectMany(static x => BitConverter.GetBytes((Half)x)),
            .. k.SelectMany(static x => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(x) >> 16))),
            .. v.SelectMany(static x => BitConverter.GetBytes(x)),
        ];
        string file = _files.WriteBytes("m.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. data]);

        (await Distattn.RunAsync("attend", "--q", file + ":q", "--k", file + ":k", "--v", file + ":v", "--out", _files["o.npy"])).Ok();

        Near(new ReferenceAttention(q, k, [1, 2, 3], 1, 1, 2, 1).Compute().Output, [2, 1], "o.npy");
        (await Distattn.RunAsync("attend", "--q", file + ":x", "--k", file + ":k", "--v", file + ":v", "--out", _files["o.npy"])).Failed(1, "holds no such tensor; it holds 'q', 'k', 'v'");
    }

    [Fact]
    public async Task Queries_longer_than_a_slice_keep_their_positions()
    {
        const int rows = 70_000; // more than one slice
        const int positions = 300;
        float[] q = _files.WriteNormal("q.npy", 1, rows, 64);
        float[] k = _files.WriteNormal("k.npy", 2, positions, 64);
        float[] v = _files.WriteNormal("v.npy", 3, positions, 64);

        (await Distattn.RunAsync(_files.Attend("--mask", "causal"))).Ok();

        ReferenceAttention reference = new(q, k, v, 1, 1, 64, 64) { Mask = AttentionMask.Causal };
        float[] o = _files.Read("o.npy").Values;
        double[] expected = new double[64];
        foreach (int row in (int[])[0, rows - positions - 1, rows - positions, rows - 150, rows - 1])
        {
            reference.Row(row, 0, expected);
            for (int c = 0; c < expected.Length; c++)
            {
                Assert.Equal(expected[c], o[(row * 64) + c], Tolerance);
            }
        }
    }

    [Theory]
    [InlineData(4_096, 8, 64, "full", 1e-6)]
    [InlineData(4_096, 8, 64, "causal", 2.5e-6)]
    [InlineData(1_024, 1, 576, "full", 4e-6)]
    public async Task Errors_stay_within_what_is_promised(int tokens, int heads, int headDim, string mask, double promised)
    {
        float[] q = _files.WriteNormal("q.npy", 31, tokens, heads, headDim);
        float[] k = _files.WriteNormal("k.npy", 32, tokens, heads, headDim);
        float[] v = _files.WriteNormal("v.npy", 33, tokens, heads, headDim);

        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"], "--mask", mask))).Ok();

        ReferenceAttention reference = new(q, k, v, heads, heads, headDim, headDim) { Mask = AttentionMask.Parse(mask) };
        float[] o = _files.Read("o.npy").Values;
        float[] lse = _files.Read("lse.npy").Values;
        double[] expected = new double[headDim];
        double worst = 0;
        double worstLse = 0;
        for (int row = 0; row < tokens; row += row < 16 ? 1 : 127)
        {
            for (int head = 0; head < heads; head++)
            {
                int i = (row * heads) + head;
                worstLse = Math.Max(worstLse, Math.Abs(reference.Row(row, head, expected) - lse[i]));
                for (int c = 0; c < headDim; c++)
                {
                    worst = Math.Max(worst, Math.Abs(expected[c] - o[(i * headDim) + c]));
                }
            }
        }

        Assert.InRange(worst, 0, promised);
        Assert.InRange(worstLse, 0, Tolerance);
    }

    private static string? Value(string[] words, string option) =>
        Array.IndexOf(words, option) is >= 0 and int index ? words[index + 1] : null;

    private void Near(double[] expected, long[] shape, string file)
    {
        (long[] actualShape, float[] actual) = _files.Read(file);
        Assert.Equal(shape, actualShape);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                actual[i] == expected[i] || Math.Abs(actual[i] - expected[i]) <= Tolerance,
                $"{file}[{i}] is {actual[i]}, should be {expected[i]}");
        }
    }
}
