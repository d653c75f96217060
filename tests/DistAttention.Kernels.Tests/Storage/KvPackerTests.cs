namespace DistAttention.Kernels.Tests;

public sealed class KvPackerTests
{
    public static TheoryData<KvDataType, int, int, int> Layouts()
    {
        TheoryData<KvDataType, int, int, int> rows = [];
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            foreach ((int heads, int headDim, int headDimV) in new[] { (1, 1, 1), (2, 3, 5), (1, 16, 17), (3, 33, 15), (2, 64, 64), (1, 130, 7) })
            {
                rows.Add(type, heads, headDim, headDimV);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Every_width_stores_the_same_bytes(KvDataType type, int heads, int headDim, int headDimV)
    {
        KvLayout layout = new(heads, headDim, headDimV, type);
        SeededData data = new(43);
        float[] k = [.. Enumerable.Range(0, 256 * heads * headDim).Select(_ => (float)(data.NextNormal() * Math.ScaleB(1, data.NextInt(40) - 30)))];
        float[] v = [.. Enumerable.Range(0, 256 * heads * headDimV).Select(_ => (float)(data.NextNormal() * Math.ScaleB(1, data.NextInt(40) - 30)))];
        byte[][] packed = [.. new[] { 512, 256, 128 }.Select(width =>
        {
            GuardedBuffer<byte> block = new((int)layout.BlockBytes);
            foreach ((int first, int end) in new[] { (0, 5), (5, 80), (80, 81), (81, 256) })
            {
                KvPacker.Pack(
                    layout,
                    block.Span,
                    first,
                    k.AsSpan(first * heads * headDim, (end - first) * heads * headDim),
                    v.AsSpan(first * heads * headDimV, (end - first) * heads * headDimV),
                    width);
            }

            Assert.True(block.IsIntact);
            return block.Span.ToArray();
        })];

        Assert.Equal(packed[2], packed[0]);
        Assert.Equal(packed[2], packed[1]);
        byte[] whole = new byte[layout.BlockBytes];
        KvPacker.Pack(layout, whole, 0, k, v);
        Assert.Equal(packed[0], whole);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Rows_come_back_as_the_stored_type_rounds_them(KvDataType type, int heads, int headDim, int headDimV)
    {
        KvLayout layout = new(heads, headDim, headDimV, type);
        SeededData data = new(41);
        float[] k = data.Normal(256 * heads * headDim);
        float[] v = data.Normal(256 * heads * headDimV, 1e-3);
        GuardedBuffer<byte> block = new((int)layout.BlockBytes);
        KvPacker.Pack(layout, block.Span, 0, k, v);
        Assert.True(block.IsIntact);

        foreach ((int first, int count) in new[] { (0, 256), (0, 1), (5, 20), (16, 16), (255, 1), (7, 0), (100, 156) })
        {
            GuardedBuffer<float> backK = new(count * heads * headDim);
            GuardedBuffer<float> backV = new(count * heads * headDimV);
            KvPacker.Unpack(layout, block.Span, first, count, backK.Span, backV.Span);
            Assert.True(backK.IsIntact && backV.IsIntact);
            Assert.Equal(Stored(type, k.AsSpan(first * heads * headDim, count * heads * headDim), headDim), backK.Span.ToArray());
            Assert.Equal(Stored(type, v.AsSpan(first * heads * headDimV, count * heads * headDimV), headDimV), backV.Span.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Appending_in_pieces_gives_the_same_bytes(KvDataType type, int heads, int headDim, int headDimV)
    {
        KvLayout layout = new(heads, headDim, headDimV, type);
        SeededData data = new(42);
        float[] k = data.Normal(256 * heads * headDim);
        float[] v = data.Normal(256 * heads * headDimV);
        byte[] whole = new byte[layout.BlockBytes];
        KvPacker.Pack(layout, whole, 0, k, v);
        byte[] pieces = new byte[layout.BlockBytes];
        for (int done = 0; done < 256;)
        {
            int count = Math.Min(256 - done, data.Pick(1, 1, 2, 5, 16, 31));
            KvPacker.Pack(layout, pieces, done, k.AsSpan(done * heads * headDim, count * heads * headDim), v.AsSpan(done * heads * headDimV, count * heads * headDimV));
            done += count;
        }

        Assert.True(whole.AsSpan().SequenceEqual(pieces), "seed 42");
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_row_changes_no_other_row(KvDataType type, int heads, int headDim, int headDimV)
    {
        KvLayout layout = new(heads, headDim, headDimV, type);
        SeededData data = new(43);
        byte[] block = new byte[layout.BlockBytes];
        float[] k = data.Normal(60 * heads * headDim);
        float[] v = data.Normal(60 * heads * headDimV);
        KvPacker.Pack(layout, block, 0, k, v);
        float[] beforeK = new float[k.Length];
        float[] beforeV = new float[v.Length];
        KvPacker.Unpack(layout, block, 0, 60, beforeK, beforeV);

        KvPacker.Pack(layout, block, 60, data.Normal(7 * heads * headDim, 1000), data.Normal(7 * heads * headDimV, 1000));
        float[] afterK = new float[k.Length];
        float[] afterV = new float[v.Length];
        KvPacker.Unpack(layout, block, 0, 60, afterK, afterV);
        Assert.Equal(beforeK, afterK);
        Assert.Equal(beforeV, afterV);
    }

    [Fact]
    public void Every_kind_of_half_is_rounded_as_the_platform_rounds()
    {
        KvLayout layout = new(1, 16, 16, KvDataType.Float16);
        SeededData data = new(44);
        byte[] block = new byte[layout.BlockBytes];
        float[] values = new float[256 * 16];
        float[] back = new float[values.Length];
        float[] ignored = new float[values.Length];
        for (int round = 0; round < 50; round++)
        {
            for (int i = 0; i < values.Length; i++)
            {
                // Every exponent from far below the subnormal halves to the largest, ties included.
                float value = MathF.ScaleB(1 + (data.NextInt(1 << 13) / 8192f), data.NextInt(45) - 30);
                values[i] = (data.NextInt(2) == 0 ? 1 : -1) * MathF.Min(value, 65519f);
            }

            KvPacker.Validate(layout, values, values);
            KvPacker.Pack(layout, block, 0, values, values);
            KvPacker.Unpack(layout, block, 0, 256, back, ignored);
            for (int i = 0; i < values.Length; i++)
            {
                Assert.Equal(BitConverter.SingleToInt32Bits((float)(Half)values[i]), BitConverter.SingleToInt32Bits(back[i]));
            }
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-45f)]
    [InlineData(3e-43f)]
    [InlineData(1e-38f)]
    [InlineData(1.5e-36f)]
    [InlineData(1f)]
    [InlineData(3.402e38f)]
    public void Int8_keeps_every_size_of_row(float largest)
    {
        KvLayout layout = new(1, 4, 4, KvDataType.Int8);
        float[] row = [largest, -largest, largest * 0.25f, 0];
        KvPacker.Validate(layout, row, row);
        byte[] block = new byte[layout.BlockBytes];
        KvPacker.Pack(layout, block, 3, row, row);
        float[] k = new float[4];
        float[] v = new float[4];
        KvPacker.Unpack(layout, block, 3, 1, k, v);
        Assert.Equal(k, v);
        double step = Math.Max(largest / 127.0, 1.17549435E-38);
        for (int i = 0; i < 4; i++)
        {
            Assert.True(Math.Abs(k[i] - row[i]) <= step * 0.501, $"{row[i]:R} came back as {k[i]:R}");
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32, 3.4e38f, null)]
    [InlineData(KvDataType.Float32, float.NaN, "not finite")]
    [InlineData(KvDataType.Float32, float.PositiveInfinity, "not finite")]
    [InlineData(KvDataType.Float16, 65519.99f, null)]
    [InlineData(KvDataType.Float16, 65520f, "Float16")]
    [InlineData(KvDataType.Float16, -65520f, "Float16")]
    [InlineData(KvDataType.BFloat16, 3.3895e38f, null)]
    [InlineData(KvDataType.BFloat16, 3.4e38f, "BFloat16")]
    [InlineData(KvDataType.Int8, 3.402e38f, null)]
    [InlineData(KvDataType.Int8, float.MaxValue, "Int8")]
    [InlineData(KvDataType.Int8, float.NegativeInfinity, "not finite")]
    public void What_cannot_be_stored_is_refused_by_name(KvDataType type, float value, string? problem)
    {
        KvLayout layout = new(3, 21, 9, type);
        foreach (string tensor in new[] { "k", "v" })
        {
            int headDim = tensor == "k" ? 21 : 9;
            float[] k = new SeededData(45).Normal(7 * 3 * 21);
            float[] v = new SeededData(46).Normal(7 * 3 * 9);
            (tensor == "k" ? k : v)[(((5 * 3) + 2) * headDim) + 4] = value;
            if (problem is null)
            {
                KvPacker.Validate(layout, k, v);
                continue;
            }

            InvalidTensorException error = Assert.Throws<InvalidTensorException>(() => KvPacker.Validate(layout, k, v));
            Assert.Equal((tensor, 5L, 2), (error.Tensor, error.Token, error.Head));
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_place_of_a_query_is_looked_at()
    {
        for (int length = 1; length < 80; length++)
        {
            for (int at = 0; at < length; at++)
            {
                float[] q = new float[length];
                KvPacker.ValidateFinite("q", q, 1, 1);
                q[at] = float.NaN;
                Assert.Equal(at, Assert.Throws<InvalidTensorException>(() => KvPacker.ValidateFinite("q", q, 1, 1)).Token);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public unsafe void Sections_are_aligned_and_the_key_bound_holds(KvDataType type, int heads, int headDim, int headDimV)
    {
        KvLayout layout = new(heads, headDim, headDimV, type);
        Assert.Equal(0, layout.BlockBytes % 64);
        for (int head = 0; head < heads; head++)
        {
            Assert.Equal(0, layout.HeadOffset(head) % 64);
            Assert.Equal(0, (layout.HeadOffset(head) + layout.ValueOffset) % 64);
        }

        float[] k = new SeededData(47).Normal(256 * heads * headDim, 1e3);
        float[] v = new float[256 * heads * headDimV];
        byte[] block = new byte[layout.BlockBytes];
        KvPacker.Pack(layout, block, 0, k, v);
        float[] back = new float[k.Length];
        KvPacker.Unpack(layout, block, 0, 256, back, v);
        for (int i = 0; i < back.Length; i++)
        {
            float bound = BitConverter.ToSingle(block, i / headDim % heads * sizeof(float));
            Assert.True(Math.Abs(back[i]) <= bound);
        }
    }

    [Fact]
    public void Wrong_sizes_are_refused()
    {
        KvLayout layout = new(2, 4, 4, KvDataType.Float32);
        byte[] block = new byte[layout.BlockBytes];
        Assert.Throws<ArgumentException>(() => KvPacker.Pack(layout, block, 0, new float[8], new float[16]));
        Assert.Throws<ArgumentException>(() => KvPacker.Pack(layout, block, 0, new float[7], new float[7]));
        Assert.ThrowsAny<ArgumentException>(() => KvPacker.Pack(layout, block, 256, new float[8], new float[8]));
        Assert.ThrowsAny<ArgumentException>(() => KvPacker.Pack(layout, block.AsSpan(1), 0, new float[8], new float[8]));
    }

    private static float[] Stored(KvDataType type, ReadOnlySpan<float> values, int headDim)
    {
        float[] stored = values.ToArray();
        for (int row = 0; row < stored.Length; row += headDim)
        {
            float scale = type == KvDataType.Int8 ? stored.AsSpan(row, headDim).ToArray().Max(MathF.Abs) / 127f : 0;
            for (int i = row; i < row + headDim; i++)
            {
                stored[i] = type switch
                {
                    KvDataType.Float16 => (float)(Half)stored[i],
                    KvDataType.BFloat16 => RoundToBFloat16(stored[i]),
                    KvDataType.Int8 => MathF.Round(stored[i] / scale, MidpointRounding.ToEven) * scale,
                    _ => stored[i],
                };
            }
        }

        return stored;
    }

    /// <summary>The nearest float whose lower 16 bits are 0, the even one of two.</summary>
    private static float RoundToBFloat16(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        float below = BitConverter.Int32BitsToSingle(bits & ~0xFFFF);
        float above = BitConverter.Int32BitsToSingle((bits & ~0xFFFF) + 0x10000);
        double toBelow = Math.Abs((double)value - below);
        double toAbove = Math.Abs((double)above - value);
        bool belowIsEven = (bits >> 16 & 1) == 0;
        return toBelow < toAbove || (toBelow == toAbove && belowIsEven) ? below : above;
    }
}
