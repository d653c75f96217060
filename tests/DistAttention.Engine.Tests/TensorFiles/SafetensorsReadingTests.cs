using DistAttention.Engine.TensorFiles;

namespace DistAttention.Engine.Tests.TensorFiles;

public sealed class SafetensorsReadingTests : IDisposable
{
    private const string OneFloat = """{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_float_type_is_read_by_name()
    {
        string path = _folder.Write("m.safetensors", TensorBytes.Safetensors(
            """
            {"__metadata__":{"format":"pt"},
             "f32":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
             "layers.0/k":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
             "b":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},
             "d":{"dtype":"F64","shape":[1],"data_offsets":[16,24]},
             "ids":{"dtype":"I64","shape":[1],"data_offsets":[24,32]},
             "none":{"dtype":"F32","shape":[0,4],"data_offsets":[32,32]},
             "scalar":{"dtype":"F32","shape":[],"data_offsets":[32,36]}}

            """,
            [
                .. TensorBytes.Of(1.5f, -2f), .. TensorBytes.Of((Half)0.5, Half.MaxValue), .. TensorBytes.Of<ushort>(0x3fc0, 0xff80),
                .. TensorBytes.Of(1 / 3.0), .. TensorBytes.Of(7L), .. TensorBytes.Of(9f),
            ]));

        Assert.Equal([1.5f, -2], Read("f32"));
        Assert.Equal([0.5f, 65_504], Read("layers.0/k"));
        Assert.Equal([1.5f, float.NegativeInfinity], Read("b"));
        Assert.Equal([(float)(1 / 3.0)], Read("d"));
        Assert.Empty(Read("none"));
        Assert.Equal([9f], Read("scalar"));
        Assert.Contains("holds elements of type 'I64'", Error(path + ":ids"), StringComparison.Ordinal);
        Assert.Contains("holds no such tensor; it holds 'f32', 'layers.0/k', 'b', 'd', 'ids', 'none' and 1 more", Error(path + ":x"), StringComparison.Ordinal);
        Assert.Contains("needs the name of a tensor", Error(path), StringComparison.Ordinal);

        float[] Read(string name)
        {
            using TensorFile file = TensorFile.Open($"{path}:{name}");
            return file.ReadAll();
        }
    }

    [Fact]
    public void The_only_tensor_of_a_file_needs_no_name()
    {
        using TensorFile file = TensorFile.Open(_folder.Write("m.safetensors", TensorBytes.Safetensors(OneFloat, TensorBytes.Of(3f))));

        Assert.Equal([3f], file.ReadAll());
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "is no JSON object")]
    [InlineData(" {}", "is no JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{} {}", "not valid JSON")]
    [InlineData("{}", "has 4 bytes after its last tensor")]
    [InlineData("""{"w":1}""", "without a valid dtype, shape and data_offsets")]
    [InlineData("""{"w":{}}""", "without a valid dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1]}}""", "without a valid dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":"1","data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", "without a valid dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "declares [2] float32, 8 bytes, but gives it 4")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}""", "more than any file can hold")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "is truncated: its tensors take 8 bytes, but it holds 4")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "but the tensor before it ends at 0")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "but the tensor before it ends at 0")]
    [InlineData("""{"v":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}""", "has 2 bytes after its last tensor")]
    [InlineData("""{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "but the tensor before it ends at 4")]
    [InlineData("""{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}""", "but the tensor before it ends at 4")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "names 'w' twice")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0077":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}""", "names 'w' twice")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "not valid JSON")]
    [InlineData("""{"__metadata__":[[[[[[[[[1]]]]]]]]],"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "not valid JSON")]
    public void A_header_that_does_not_fit_the_file_is_refused(string header, string problem)
    {
        string path = _folder.Write("bad.safetensors", TensorBytes.Safetensors(header, TensorBytes.Of(1f)));

        Assert.Contains(problem, Error(path + ":w"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        byte[] whole = TensorBytes.Safetensors(OneFloat, TensorBytes.Of(3f));
        for (int length = 0; length < whole.Length; length++)
        {
            string path = _folder.Write("cut.safetensors", whole[..length]);
            Assert.Contains("is truncated", Error(path + ":w"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(1UL << 40)]
    public void A_header_longer_than_the_file_is_refused_before_anything_is_allocated(ulong length)
    {
        byte[] file = TensorBytes.Safetensors(OneFloat, TensorBytes.Of(3f));
        BitConverter.TryWriteBytes(file, length);
        string path = _folder.Write("long.safetensors", file);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("is truncated or no .safetensors file", Error(path), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    private static string Error(string name) => Assert.Throws<TensorFileException>(() => TensorFile.Open(name)).Message;
}
