namespace DistAttention.Kernels.Tests;

public sealed class PartialMergeTests
{
    private const int Rows = 5;
    private const int Heads = 3;
    private const int HeadDimV = 21;

    [Fact]
    public void Empty_is_the_identity_on_both_sides_bit_for_bit()
    {
        PartialBuffer some = Random(91);
        some.Span.Output[4] = -0f;
        string expected = Digest(some);
        PartialMerge.Merge(some.Span, new PartialBuffer(Rows, Heads, HeadDimV).Span);
        Assert.Equal(expected, Digest(some));

        PartialBuffer empty = new(Rows, Heads, HeadDimV);
        PartialMerge.Merge(empty.Span, some.Span);
        Assert.Equal(expected, Digest(empty));

        PartialBuffer both = new(Rows, Heads, HeadDimV);
        PartialMerge.Merge(both.Span, new PartialBuffer(Rows, Heads, HeadDimV).Span);
        Assert.Equal(Digest(new PartialBuffer(Rows, Heads, HeadDimV)), Digest(both));
    }

    [Fact]
    public void Merging_is_what_softmax_over_both_is()
    {
        PartialBuffer left = Random(92);
        PartialBuffer right = Random(93);
        float[] m1 = left.Span.MaxLog2.ToArray();
        float[] l1 = left.Span.Sum.ToArray();
        float[] o1 = left.Span.Output.ToArray();
        PartialMerge.Merge(left.Span, right.Span);
        for (int i = 0; i < m1.Length; i++)
        {
            double m = Math.Max(m1[i], right.Span.MaxLog2[i]);
            double a1 = Math.Pow(2, m1[i] - m);
            double a2 = Math.Pow(2, right.Span.MaxLog2[i] - m);
            Assert.Equal(m, left.Span.MaxLog2[i]);
            Assert.Equal((l1[i] * a1) + (right.Span.Sum[i] * a2), left.Span.Sum[i], 2e-6);
            for (int c = 0; c < HeadDimV; c++)
            {
                int at = (i * HeadDimV) + c;
                Assert.Equal((o1[at] * a1) + (right.Span.Output[at] * a2), left.Span.Output[at], 2e-6);
            }
        }
    }

    [Fact]
    public void Far_lighter_sides_vanish_without_a_trace()
    {
        PartialBuffer heavy = Random(94);
        PartialBuffer light = Random(95);
        foreach (ref float m in light.Span.MaxLog2)
        {
            m -= 1000;
        }

        string expected = Digest(heavy);
        PartialMerge.Merge(heavy.Span, light.Span);
        Assert.Equal(expected, Digest(heavy));
    }

    [Theory]
    [MemberData(nameof(WidthData.Widths), MemberType = typeof(WidthData))]
    public void Every_width_gives_the_same_bits(int width)
    {
        PartialBuffer left = Random(96);
        PartialBuffer right = Random(97);
        PartialBuffer expected = Random(96);
        PartialMerge.Merge(expected.Span, right.Span);
        switch (width)
        {
            case 512:
                PartialMerge.Merge<Lanes512, System.Runtime.Intrinsics.Vector512<float>>(left.Span, right.Span);
                break;
            case 256:
                PartialMerge.Merge<Lanes256, System.Runtime.Intrinsics.Vector256<float>>(left.Span, right.Span);
                break;
            default:
                PartialMerge.Merge<Lanes128, System.Runtime.Intrinsics.Vector128<float>>(left.Span, right.Span);
                break;
        }

        Assert.Equal(Digest(expected), Digest(left));
    }

    [Fact]
    public void Finish_divides_and_gives_the_natural_lse()
    {
        PartialBuffer root = Random(98);
        root.Span.MaxLog2[2] = float.NegativeInfinity;
        root.Span.Sum[2] = 0;
        root.Span.Output.Slice(2 * HeadDimV, HeadDimV).Clear();
        GuardedBuffer<float> o = new(Rows * Heads * HeadDimV);
        GuardedBuffer<float> lse = new(Rows * Heads);
        PartialMerge.Finish(root.Span, o.Span, lse.Span);
        Assert.True(o.IsIntact && lse.IsIntact);
        for (int i = 0; i < Rows * Heads; i++)
        {
            if (i == 2)
            {
                Assert.Equal(float.NegativeInfinity, lse.Span[i]);
                Assert.Equal(new float[HeadDimV], o.Span.Slice(2 * HeadDimV, HeadDimV).ToArray());
                continue;
            }

            double exact = (root.Span.MaxLog2[i] + Math.Log2(root.Span.Sum[i])) * Math.Log(2);
            Assert.Equal((float)exact, lse.Span[i]);
            for (int c = 0; c < HeadDimV; c++)
            {
                Assert.Equal(root.Span.Output[(i * HeadDimV) + c] / root.Span.Sum[i], o.Span[(i * HeadDimV) + c]);
            }
        }

        PartialMerge.Finish(root.Span, o.Span, []); // an lse that is not wanted
    }

    [Fact]
    public void Different_shapes_are_refused() =>
        Assert.Throws<ArgumentException>(() => PartialMerge.Merge(Random(99).Span, new PartialBuffer(Rows, Heads, HeadDimV + 1).Span));

    [Fact]
    public void A_slice_is_some_rows()
    {
        PartialBuffer some = Random(90);
        PartialSpan slice = some.Span.Slice(2, 2);
        Assert.Equal((2, Heads, HeadDimV), (slice.Rows, slice.NumHeadsQ, slice.HeadDimV));
        Assert.Equal(some.Span.Sum.Slice(2 * Heads, 2 * Heads).ToArray(), slice.Sum.ToArray());
        Assert.Equal(some.Span.Output[2 * Heads * HeadDimV], slice.Output[0]);
    }

    private static PartialBuffer Random(ulong seed)
    {
        SeededData data = new(seed);
        PartialBuffer partial = new(Rows, Heads, HeadDimV);
        data.Normal(Rows * Heads, 5).CopyTo(partial.Span.MaxLog2);
        data.Normal(Rows * Heads * HeadDimV).CopyTo(partial.Span.Output);
        foreach (ref float l in partial.Span.Sum)
        {
            l = 1 + (float)data.NextUniform();
        }

        return partial;
    }

    private static string Digest(PartialBuffer partial) =>
        BitDigest.Of(partial.Span.MaxLog2.ToArray(), partial.Span.Sum.ToArray(), partial.Span.Output.ToArray());
}
