using System.Text;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

/// <summary>Whatever is wrong with a file is one line and exit code 1, and leaves no output.</summary>
public sealed class BadFileTests : IDisposable
{
    private readonly Workspace _files = new();

    public BadFileTests()
    {
        _files.WriteNormal("q.npy", 1, 3, 2, 8);
        _files.WriteNormal("k.npy", 2, 5, 1, 8);
        _files.WriteNormal("v.npy", 3, 5, 1, 4);
    }

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("'<f4', 'fortran_order': False, 'shape': (100, 2, 8)", "is truncated: it declares [100, 2, 8] float32, 6,400 bytes, but holds 64")]
    [InlineData("'<f4', 'fortran_order': False, 'shape': (1000000000000, 2, 8)", "is truncated: it declares [1000000000000, 2, 8] float32")]
    [InlineData("'<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2, 8)", "declares [9223372036854775807, 2, 8] float32, which is more than any file can hold")]
    [InlineData("'<f4', 'fortran_order': False, 'shape': (1, 1, 8)", "has 32 bytes after the 32")]
    [InlineData("'<f4', 'fortran_order': True, 'shape': (1, 2, 8)", "is in Fortran order")]
    [InlineData("'<i4', 'fortran_order': False, 'shape': (1, 2, 8)", "holds elements of type '<i4'")]
    [InlineData("'>f4', 'fortran_order': False, 'shape': (1, 2, 8)", "is big-endian")]
    public async Task A_bad_q_is_named(string header, string expected)
    {
        byte[] text = Encoding.ASCII.GetBytes($"{{'descr': {header}, }}\n");
        _files.WriteBytes("q.npy", [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, .. new byte[64]]);

        await RefusedAsync($"{_files["q.npy"]}: {expected}", memoryMatters: true);
    }

    [Fact]
    public async Task Missing_files_folders_and_other_contents_are_named()
    {
        (await Distattn.RunAsync(_files.Attend("--lse", _files["none/lse.npy"]))).Failed(1, "lse.npy: its folder does not exist");
        (await Distattn.RunAsync("explain", "--q", _files["none.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"])).Failed(1, "none.npy: there is no such file");
        (await Distattn.RunAsync("explain", "--q", _files[""], "--k", _files["k.npy"], "--v", _files["v.npy"])).Failed(1, "is a folder");
        _files.WriteBytes("v.npy", "not a tensor"u8.ToArray());
        await RefusedAsync("v.npy: is not an .npy file");
    }

    [Theory]
    [InlineData("q", new long[] { 3, 2, 2, 8 }, "[3, 2, 2, 8]; [tokens, heads, headDim] or [tokens, headDim] is needed")]
    [InlineData("q", new long[] { 3 }, "has the shape [3]")]
    [InlineData("q", new long[] { 3, 2, 9 }, "differ in head size")]
    [InlineData("k", new long[] { 6, 1, 8 }, "differ in tokens")]
    [InlineData("k", new long[] { 5, 2, 8 }, "differ in heads")]
    [InlineData("v", new long[] { 5, 1, 0 }, "holds no values")]
    [InlineData("v", new long[] { 5, 1, 577 }, "HeadDimV: 577 is not between 1 and 576")]
    public async Task Shapes_that_do_not_fit_are_named(string tensor, long[] shape, string expected)
    {
        _files.WriteNormal($"{tensor}.npy", 4, shape);

        await RefusedAsync(expected);
    }

    [Fact]
    public async Task Heads_that_cannot_be_shared_are_refused()
    {
        _files.WriteNormal("k.npy", 2, 5, 3, 8);
        _files.WriteNormal("v.npy", 3, 5, 3, 8);

        await RefusedAsync("2 query heads cannot be shared evenly by 3 key/value heads");
    }

    [Theory]
    [InlineData("q", float.NaN, 2, 1)]
    [InlineData("k", float.PositiveInfinity, 4, 0)]
    [InlineData("v", float.NegativeInfinity, 3, 0)]
    public async Task A_value_that_is_not_finite_is_named_with_its_place(string tensor, float value, int token, int head)
    {
        (long[] shape, float[] values) = _files.Read($"{tensor}.npy");
        values[((token * shape[1]) + head) * shape[2]] = value;
        _files.Write($"{tensor}.npy", values, shape);

        await RefusedAsync($"{_files[$"{tensor}.npy"]}: token {token}, head {head} ");
    }

    [Fact]
    public async Task A_value_far_down_a_long_file_is_named_by_its_token_in_the_file()
    {
        const int tokens = 70_000; // more than one slice
        float[] values = new float[tokens * 64];
        values[^1] = float.NaN;
        _files.Write("q.npy", new float[64], 1, 64);
        _files.Write("k.npy", new float[tokens * 64], tokens, 64);
        _files.Write("v.npy", values, tokens, 64);

        await RefusedAsync($"v.npy: token {tokens - 1}, head 0 ");
    }

    [Fact]
    public async Task A_value_beyond_the_stored_type_is_named()
    {
        float[] values = new float[5 * 8];
        values[8 * 3] = 1e6f;
        _files.Write("k.npy", values, 5, 1, 8);

        (await Distattn.RunAsync(_files.Attend("--kv-type", "float16"))).Failed(1, $"{_files["k.npy"]}: token 3, head 0 ");
        (await Distattn.RunAsync(_files.Attend("--kv-type", "bfloat16"))).Ok();
    }

    [Fact]
    public async Task Scores_beyond_float32_are_an_error_that_names_the_row()
    {
        _files.Write("q.npy", [.. Enumerable.Repeat(0f, 32), .. Enumerable.Repeat(1e30f, 16)], 3, 2, 8);
        _files.Write("k.npy", [.. Enumerable.Repeat(1e30f, 40)], 5, 1, 8);

        await RefusedAsync("query row 2, head ");
    }

    private async Task RefusedAsync(string expected, bool memoryMatters = false)
    {
        // 64 MiB of managed memory is what the program needs; anything a header invents would not fit.
        (string, string)[] environment = memoryMatters ? [("DOTNET_GCHeapHardLimit", "0x4000000")] : [];
        string[] before = [.. _files.Names];
        (await Distattn.RunAsync(environment, _files.Attend("--lse", _files["lse.npy"], "--json"))).Failed(1, expected);
        Assert.Equal(before, _files.Names);
    }
}
