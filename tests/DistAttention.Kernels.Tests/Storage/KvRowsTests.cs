using DistAttention.Kernels;

namespace DistAttention.Kernels.Tests.Storage;

/// <summary>Rows kept outside memory and read back are packed into the same bytes as the rows themselves.</summary>
public sealed class KvRowsTests
{
    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public void RowsComeBackToTheSameBlock(KvDataType type)
    {
        SeededData data = new(81);
        foreach (int headDim in (int[])[1, 2, 3, 4, 5, 7, 16, 33, 64])
        {
            foreach (int headDimV in (int[])[1, 6, 16, 31])
            {
                KvLayout layout = new(2, headDim, headDimV, type);
                foreach (double factor in type == KvDataType.Int8 ? (double[])[1, 1e-30, 1000] : [1, 1e-30, 1e-42, 1000])
                {
                    int count = 1 + data.NextInt(40);
                    float[] k = data.Normal(count * 2 * headDim, factor);
                    float[] v = data.Normal(count * 2 * headDimV, factor);
                    Array.Clear(k, 0, headDim); // a row of zeros
                    Check(layout, count, k, v);
                }
            }
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32, 128, 128)]
    [InlineData(KvDataType.Float16, 128, 128)]
    [InlineData(KvDataType.BFloat16, 256, 96)]
    [InlineData(KvDataType.Int8, 512, 256)]
    [InlineData(KvDataType.BFloat16, 257, 250)]
    public void MoreThanCachesHoldComesBackToTheSameBlock(KvDataType type, int headDim, int headDimV)
    {
        KvLayout layout = new(4, headDim, headDimV, type);
        SeededData data = new(82);
        Check(layout, 250, data.Normal(250 * 4 * headDim, 1), data.Normal(250 * 4 * headDimV, 1));
    }

    [Fact]
    public void RowsThatAreNotThereAreRefused()
    {
        KvLayout layout = new(1, 4, 4, KvDataType.BFloat16);
        byte[] block = new byte[layout.BlockBytes];
        Assert.Throws<ArgumentOutOfRangeException>(() => KvPacker.PackStored(layout, block, 0, new byte[47], 3, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvPacker.PackStored(layout, block, 0, new byte[48], 3, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvPacker.PackStored(layout, block, 254, new byte[48], 3, 0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvPacker.PackStored(layout, block.AsSpan(1), 0, new byte[48], 3, 0, 3));
    }

    [Fact]
    public void BytesThatAreNotWholeRowsAreRefused()
    {
        KvLayout layout = new(1, 4, 4, KvDataType.Float32);
        Assert.Throws<ArgumentException>(() => KvRows.Decode(layout, new byte[31], new float[4], new float[4]));
        Assert.Throws<ArgumentException>(() => KvRows.Encode(layout, new float[5], new float[4], new byte[36]));
    }

    private static void Check(KvLayout layout, int count, float[] k, float[] v)
    {
        GuardedBuffer<byte> rows = new(checked((int)KvRows.ByteLength(layout, count)));
        KvRows.Encode(layout, k, v, rows.Span);
        float[] k2 = new float[k.Length];
        float[] v2 = new float[v.Length];
        KvRows.Decode(layout, rows.Span, k2, v2);
        byte[] expected = new byte[layout.BlockBytes];
        byte[] actual = new byte[layout.BlockBytes];
        KvPacker.Pack(layout, expected, 3, k, v);
        KvPacker.Pack(layout, actual, 3, k2, v2);
        Assert.True(KeyBoundsApart(layout, expected).SequenceEqual(KeyBoundsApart(layout, actual)), $"{layout}, {count} rows");
        CheckStored(layout, rows.Span, count, expected, actual);
        Assert.True(rows.IsIntact);
    }

    /// <summary>As they are kept, whole or in two parts, they are packed into the same bytes too.</summary>
    private static void CheckStored(KvLayout layout, ReadOnlySpan<byte> stored, int count, byte[] expected, byte[] widened)
    {
        foreach (int cut in (int[])[0, 1, count / 2, count])
        {
            GuardedBuffer<byte> block = new((int)layout.BlockBytes);
            block.Span.Clear();
            KvPacker.PackStored(layout, block.Span, 3, stored, count, 0, cut);
            KvPacker.PackStored(layout, block.Span, 3 + cut, stored, count, cut, count - cut);
            byte[] packed = block.Span.ToArray();
            Assert.True(KeyBoundsApart(layout, expected).SequenceEqual(KeyBoundsApart(layout, packed)), $"{layout}, {count} rows cut at {cut}");
            int heads = layout.NumHeadsKv * sizeof(float);
            Assert.True(widened.AsSpan(0, heads).SequenceEqual(packed.AsSpan(0, heads)), $"{layout}, {count} rows cut at {cut}: bounds");
            Assert.True(block.IsIntact);
        }
    }

    /// <summary>A block without its bounds of key sizes, which are taken before rounding and may differ.</summary>
    private static ReadOnlySpan<byte> KeyBoundsApart(KvLayout layout, byte[] block) => block.AsSpan((int)(layout.BlockBytes - (layout.HeadBytes * layout.NumHeadsKv)));
}
