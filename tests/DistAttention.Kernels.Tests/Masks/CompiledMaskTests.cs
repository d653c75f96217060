namespace DistAttention.Kernels.Tests;

public sealed class CompiledMaskTests
{
    public static TheoryData<string> Masks => ["full", "causal"];

    [Theory]
    [MemberData(nameof(Masks))]
    public void Coverage_count_and_need_agree_with_the_token_level_mask(string text)
    {
        AttentionMask mask = AttentionMask.Parse(text);
        CompiledMask compiled = CompiledMask.Compile(mask);
        SeededData data = new(31);
        for (int round = 0; round < 4000; round++)
        {
            long qStart = data.NextInt(60) - 20;
            long kvStart = data.NextInt(40);
            PositionRange q = new(qStart, qStart + data.NextInt(12));
            PositionRange kv = new(kvStart, kvStart + data.NextInt(20));
            int visible = 0;
            long needed = 0;
            for (long qPos = q.Start; qPos < q.End; qPos++)
            {
                for (long kvPos = kv.Start; kvPos < kv.End; kvPos++)
                {
                    if (mask.IsVisible(qPos, kvPos))
                    {
                        visible++;
                        needed = Math.Max(needed, kvPos + 1 - kv.Start);
                    }
                }
            }

            string what = $"{text} {q} {kv}, seed 31";
            Assert.True(compiled.CountVisible(q, kv) == visible, $"count {compiled.CountVisible(q, kv)}, visible {visible}: {what}");
            Coverage coverage = compiled.Cover(q, kv);
            Coverage exact = visible == 0 ? Coverage.None : visible == q.Length * kv.Length ? Coverage.Full : Coverage.Masked;
            Assert.True(coverage == exact || coverage == Coverage.Masked, $"coverage {coverage}, exact {exact}: {what}");
            if (visible > 0)
            {
                Assert.InRange(compiled.Needed(q, kv), needed, kv.Length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Masks))]
    public void Bits_agree_with_the_token_level_mask(string text)
    {
        AttentionMask mask = AttentionMask.Parse(text);
        CompiledMask compiled = CompiledMask.Compile(mask);
        foreach (long qStart in new long[] { -3, 0, 1, 250, 255, 256, 511, 512, 5000 })
        {
            PositionRange q = new(qStart, qStart + 9);
            foreach (long kvStart in new long[] { 0, 256, 512 })
            {
                GuardedBuffer<uint> bits = new(9 * 8);
                compiled.Fill(q, kvStart, bits.Span);
                Assert.True(bits.IsIntact);
                for (int row = 0; row < 9; row++)
                {
                    for (int key = 0; key < 256; key++)
                    {
                        bool set = (bits.Span[(row * 8) + (key / 32)] >> (key % 32) & 1) != 0;
                        Assert.Equal(mask.IsVisible(qStart + row, kvStart + key), set);
                    }
                }
            }
        }
    }

    [Fact]
    public void Counts_do_not_overflow()
    {
        PositionRange all = new(0, 1L << 50);
        Int128 n = (Int128)1 << 50;
        Assert.Equal(n * n, CompiledMask.Compile(AttentionMask.Full).CountVisible(all, all));
        Assert.Equal(n * (n + 1) / 2, CompiledMask.Compile(AttentionMask.Causal).CountVisible(all, all));
    }
}
