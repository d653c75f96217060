using System.Globalization;
using DistAttention.Cli.Tests.Running;
using DistAttention.Testing;
using Xunit.Abstractions;

namespace DistAttention.Cli.Tests;

/// <summary>The accuracy and sameness that the project promises, at the sizes it promises them for: minutes of double precision.</summary>
[Trait("Category", "Soak")]
public sealed class AccuracySweep(ITestOutputHelper output) : IDisposable
{
    private const int Tokens = 4096;

    private readonly Workspace _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("full", 8, 64, 1e-6)]
    [InlineData("causal", 8, 64, 2.5e-6)]
    [InlineData("full", 1, 576, 4e-6)]
    [InlineData("causal", 1, 576, 4e-6)]
    public async Task UnitNormalErrorsStayBelowTheBar(string mask, int heads, int headDim, double bar)
    {
        (float[] q, float[] k, float[] v) = Fill(heads, headDim);
        (await Distattn.RunAsync(_files.Attend("--lse", _files["lse.npy"], "--mask", mask))).Ok();

        ReferenceAttention reference = new(q, k, v, heads, heads, headDim, headDim) { Mask = AttentionMask.Parse(mask) };
        (double[] o, double[] lse) = reference.Compute();
        double oError = LargestError(o, _files.Read("o.npy").Values);
        double lseError = LargestError(lse, _files.Read("lse.npy").Values);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mask} [{Tokens}, {heads}, {headDim}]: largest error {oError:0.00e+0} in o, {lseError:0.00e+0} in lse"));
        Assert.InRange(oError, 0, bar);
        Assert.InRange(lseError, 0, headDim == 64 ? 2.5e-6 : 4e-6);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    public async Task ShardsThreadsAndWidthsChangeNoBit(string mask)
    {
        Fill(heads: 8, headDim: 64);
        string expected = await DigestsAsync(mask, [], 16384, 2);
        foreach (int shardLength in (int[])[1024, 4096, 16384])
        {
            Assert.Equal(expected, await DigestsAsync(mask, [], shardLength, 1));
            Assert.Equal(expected, await DigestsAsync(mask, [], shardLength, 2));
        }

        Assert.Equal(expected, await DigestsAsync(mask, [("DOTNET_EnableAVX512", "0")], 16384, 2));
        output.WriteLine($"{mask} [{Tokens}, 8, 64]: {expected}");
    }

    private (float[] Q, float[] K, float[] V) Fill(int heads, int headDim) =>
    (
        _files.WriteNormal("q.npy", 31, Tokens, heads, headDim),
        _files.WriteNormal("k.npy", 32, Tokens, heads, headDim),
        _files.WriteNormal("v.npy", 33, Tokens, heads, headDim));

    private async Task<string> DigestsAsync(string mask, (string, string)[] environment, int shardLength, int threads) =>
        (await Distattn.RunAsync(
            environment,
            _files.Attend("--lse", _files["lse.npy"], "--mask", mask, "--json", "--shard-length", $"{shardLength}", "--threads", $"{threads}"))).Ok().Digests;

    private static double LargestError(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        }

        return largest;
    }
}
