using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

/// <summary>The bits of o and lse depend on the inputs only: not on shards, threads, or the vector width of the processor.</summary>
public sealed class SameBitsTests : IDisposable
{
    private readonly Workspace _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Shard_length_and_threads_change_no_bit()
    {
        Fill(rows: 200, positions: 20_000, numHeadsQ: 2, numHeadsKv: 1, headDim: 32);
        string expected = await DigestsAsync([], "--shard-length", "1024", "--threads", "1");

        Assert.Equal(expected, await DigestsAsync([], "--shard-length", "4096", "--threads", "2"));
        Assert.Equal(expected, await DigestsAsync([], "--shard-length", "16384", "--threads", "1"));
        Assert.Equal(expected, await DigestsAsync([], "--shard-length", "16384", "--threads", "2"));
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("float16")]
    [InlineData("bfloat16")]
    [InlineData("int8")]
    public async Task The_width_of_vectors_changes_no_bit(string kvType)
    {
        Fill(rows: 40, positions: 1_300, numHeadsQ: 3, numHeadsKv: 1, headDim: 17);
        string expected = await DigestsAsync([], "--kv-type", kvType);

        Assert.Equal(expected, await DigestsAsync([("DOTNET_EnableAVX512", "0")], "--kv-type", kvType));
        Assert.Equal(expected, await DigestsAsync([("DOTNET_EnableAVX2", "0")], "--kv-type", kvType));
    }

    [Fact]
    public async Task Queries_asked_for_one_file_or_another_have_the_same_bits()
    {
        Fill(rows: 64, positions: 900, numHeadsQ: 2, numHeadsKv: 2, headDim: 24);
        await DigestsAsync([]);
        float[] whole = _files.Read("o.npy").Values;
        (_, float[] q) = _files.Read("q.npy");
        _files.Write("q.npy", q.AsSpan(63 * 2 * 24), 1, 2, 24);
        await DigestsAsync([]);

        Assert.Equal(whole[(63 * 2 * 24)..].Select(BitConverter.SingleToInt32Bits), _files.Read("o.npy").Values.Select(BitConverter.SingleToInt32Bits));
    }

    private void Fill(int rows, int positions, int numHeadsQ, int numHeadsKv, int headDim)
    {
        _files.WriteNormal("q.npy", 21, rows, numHeadsQ, headDim);
        _files.WriteNormal("k.npy", 22, positions, numHeadsKv, headDim);
        _files.WriteNormal("v.npy", 23, positions, numHeadsKv, headDim);
    }

    private async Task<string> DigestsAsync((string, string)[] environment, params string[] options) =>
        (await Distattn.RunAsync(environment, _files.Attend(["--lse", _files["lse.npy"], "--mask", "causal", "--json", .. options]))).Ok().Digests;
}
