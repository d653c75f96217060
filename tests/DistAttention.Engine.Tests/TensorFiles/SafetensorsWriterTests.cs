using DistAttention.Engine.TensorFiles;

namespace DistAttention.Engine.Tests.TensorFiles;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TensorDataType.Float32)]
    [InlineData(TensorDataType.Float16)]
    [InlineData(TensorDataType.BFloat16)]
    public void RowsInAnyOrderAreReadBackAsTheTypeHoldsThem(TensorDataType type)
    {
        float[] k = new SeededData(1).Normal(700 * 3 * 50);
        float[] v = [.. Enumerable.Range(0, 700 * 2).Select(static i => i == 0 ? -0f : i == 1 ? 1 + (3f / 256) : i * 0.37f)];
        string path = _folder.File("s.safetensors");
        Dictionary<string, string> texts = new() { ["a"] = "b \"c\" ü", ["empty"] = "" };
        using (SafetensorsWriter writer = SafetensorsWriter.Create(path, [new("k", type, 700, 3, 50), new("v", type, 700, 2), new("none", type, 0, 4)], texts))
        {
            writer.WriteRows("v", 0, v);
            writer.WriteRows("k", 300, k.AsSpan(300 * 150));
            writer.WriteRows("k", 0, k.AsSpan(0, 400 * 150)); // overlaps
            Assert.Throws<ArgumentException>(() => writer.WriteRows("v", 699, [1, 2, 3, 4]));
            Assert.Throws<ArgumentException>(() => writer.WriteRows("v", 0, [1, 2, 3]));
            writer.Publish();
        }

        foreach ((string name, float[] values, long[] shape) in ((string, float[], long[])[])[("k", k, [700, 3, 50]), ("v", v, [700, 2]), ("none", [], [0, 4])])
        {
            using TensorFile file = TensorFile.Open($"{path}:{name}");
            Assert.Equal(type, file.DataType);
            Assert.Equal(texts, file.Metadata);
            Assert.Equal(shape, file.Shape);
            float[] read = file.ReadAll();
            Assert.Equal([.. values.Select(x => Stored(x, type))], read);
            Assert.True(values.Length == 0 || BitConverter.SingleToInt32Bits(read[0]) == BitConverter.SingleToInt32Bits(Stored(values[0], type)));
        }

        Assert.Equal(["s.safetensors"], _folder.Names());
        Assert.Equal(0, (new FileInfo(path).Length - (((700 * 150) + (700 * 2)) * (type == TensorDataType.Float32 ? 4 : 2))) % 64);
    }

    [Fact]
    public void TheFileBeforeStaysUntilTheNewOneIsPublished()
    {
        string path = _folder.Write("s.safetensors", [1, 2, 3]);
        SafetensorsWriter.Create(path, [new("k", TensorDataType.Float32, 1, 1)], new Dictionary<string, string>()).Dispose();
        Assert.Equal(["s.safetensors"], _folder.Names());
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.EndsWith(
            "its folder does not exist.",
            Assert.Throws<TensorFileException>(() => SafetensorsWriter.Create(_folder.File("none/x"), [], new Dictionary<string, string>())).Message,
            StringComparison.Ordinal);
    }

    private static float Stored(float value, TensorDataType type) => type switch
    {
        TensorDataType.Float16 => (float)(Half)value,
        TensorDataType.BFloat16 => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + 0x7FFF + ((BitConverter.SingleToUInt32Bits(value) >> 16) & 1)) & 0xFFFF0000),
        _ => value,
    };
}
