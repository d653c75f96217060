using System.Security.Cryptography;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Engine.Tests.TensorFiles;

public sealed class NpyWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(new long[] { 3 })]
    [InlineData(new long[] { 0, 4, 2 })]
    [InlineData(new long[] { 2, 3, 5 })]
    [InlineData(new long[] { })]
    public void What_is_written_is_read_back_bit_for_bit(long[] shape)
    {
        long count = shape.Aggregate(1L, static (product, dimension) => product * dimension);
        float[] values = [.. Enumerable.Range(0, (int)count).Select(static i => i == 0 ? -0f : i == 1 ? float.NegativeInfinity : i * 0.1f)];
        string path = _folder.File("o.npy");
        using (NpyWriter writer = NpyWriter.Create(path, shape))
        {
            writer.Write(values.AsSpan(0, (int)count / 2));
            writer.Write(values.AsSpan((int)count / 2));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(TensorBytes.Of(values))), writer.Finish());
            writer.Publish();
        }

        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(shape, file.Shape);
        Assert.Equal(TensorBytes.Of(values), TensorBytes.Of(file.ReadAll()));
        Assert.Equal(0, (new FileInfo(path).Length - count * sizeof(float)) % 64);
        Assert.Equal(["o.npy"], _folder.Names());
    }

    [Fact]
    public void The_file_before_stays_until_the_new_one_is_published()
    {
        string path = _folder.Write("o.npy", [1, 2, 3]);
        using (NpyWriter abandoned = NpyWriter.Create(path, 2))
        {
            abandoned.Write([1f]);
            Assert.Throws<InvalidOperationException>(abandoned.Finish);
            Assert.Throws<InvalidOperationException>(abandoned.Publish);
            Assert.Throws<ArgumentOutOfRangeException>(() => abandoned.Write([1f, 2f]));
            Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        }

        Assert.Equal(["o.npy"], _folder.Names());
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        Assert.EndsWith("its folder does not exist.", Assert.Throws<TensorFileException>(() => NpyWriter.Create(_folder.File("none/o.npy"), 1)).Message, StringComparison.Ordinal);
        Assert.Contains("is a device", Assert.Throws<TensorFileException>(() => NpyWriter.Create("/dev/distattn-test", 1)).Message, StringComparison.Ordinal);
        Assert.EndsWith("is a folder.", Assert.Throws<TensorFileException>(() => NpyWriter.Create(_folder.File(""), 1)).Message, StringComparison.Ordinal);
    }
}
