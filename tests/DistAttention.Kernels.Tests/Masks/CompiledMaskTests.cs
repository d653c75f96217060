using System.Diagnostics;

namespace DistAttention.Kernels.Tests;

/// <summary>Whatever is asked of a compiled mask agrees with the mask's definition, token by token.</summary>
public sealed class CompiledMaskTests
{
    private const int Small = 60;

    private static readonly IReadOnlyDictionary<string, AttentionMask> _primitives = MaskSamples.Primitives(Small);
    private static readonly IReadOnlyDictionary<string, AttentionMask> _composed = MaskSamples.Composed(Small);
    private static readonly IReadOnlyDictionary<string, AttentionMask> _large = MaskSamples.All(700);

    public static TheoryData<string> Primitives => [.. _primitives.Keys];

    public static TheoryData<string> Composed => [.. _composed.Keys];

    public static TheoryData<string> All => [.. _primitives.Keys, .. _composed.Keys];

    private static AttentionMask MaskOf(string name) => _primitives.TryGetValue(name, out AttentionMask? mask) ? mask : _composed[name];

    [Theory]
    [MemberData(nameof(All))]
    public void Coverage_counts_and_needs_are_sound(string name)
    {
        CompiledMask compiled = CompiledMask.Compile(MaskOf(name));
        foreach ((PositionRange q, PositionRange kv, int visible, PositionRange hull) in Looks(name, 31))
        {
            string what = $"{name} {q} {kv}, seed 31";
            Coverage exact = visible == 0 ? Coverage.None : visible == q.Length * kv.Length ? Coverage.Full : Coverage.Masked;
            Coverage coverage = compiled.Cover(q, kv);
            Assert.True(coverage == exact || coverage == Coverage.Masked, $"coverage {coverage}, exact {exact}: {what}");
            PairCount count = compiled.CountVisible(q, kv);
            Assert.True(count == PairCount.Exactly(visible), $"count {count}, visible {visible}: {what}");
            long none = 0;
            PairCount bounds = compiled.CountVisible(q, kv, ref none);
            Assert.True(bounds.Lower <= visible && visible <= bounds.Upper, $"bounds {bounds}, visible {visible}: {what}");
            PositionRange needed = compiled.Needed(q, kv);
            Assert.True(needed.Start >= kv.Start && needed.End <= Math.Max(kv.Start, kv.End), $"needed {needed}: {what}");
            Assert.True(visible == 0 || (needed.Start <= hull.Start && needed.End >= hull.End), $"needed {needed}, seen {hull}: {what}");
        }
    }

    [Theory]
    [MemberData(nameof(Primitives))]
    public void Coverage_of_primitives_is_exact(string name)
    {
        CompiledMask compiled = CompiledMask.Compile(MaskOf(name));
        foreach ((PositionRange q, PositionRange kv, int visible, _) in Looks(name, 32))
        {
            Coverage exact = visible == 0 ? Coverage.None : visible == q.Length * kv.Length ? Coverage.Full : Coverage.Masked;
            Coverage coverage = compiled.Cover(q, kv);
            Assert.True(coverage == exact, $"coverage {coverage}, exact {exact}: {name} {q} {kv}, seed 32");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Bits_agree_with_the_definition(string name)
    {
        // The same kinds of mask over several tiles.
        AttentionMask mask = _large[name];
        CompiledMask compiled = CompiledMask.Compile(mask);
        foreach (long qStart in new long[] { -3, 0, 1, 250, 254, 511, 699, 5000 })
        {
            PositionRange q = new(qStart, qStart + 9);
            foreach (long kvStart in new long[] { 0, 256, 512, 1024 })
            {
                GuardedBuffer<uint> bits = new(9 * 8);
                bits.Span.Fill(0xAAAAAAAA); // all of it has to be written
                compiled.Fill(q, kvStart, bits.Span);
                Assert.True(bits.IsIntact);
                for (int row = 0; row < 9; row++)
                {
                    for (int key = 0; key < 256; key++)
                    {
                        bool set = (bits.Span[(row * 8) + (key / 32)] >> (key % 32) & 1) != 0;
                        Assert.True(mask.IsVisible(qStart + row, kvStart + key) == set, $"{name}: query {qStart + row}, position {kvStart + key} is {set}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Many_rows_at_once_have_the_bits_of_each(string name)
    {
        CompiledMask compiled = CompiledMask.Compile(_large[name]);
        uint[] together = new uint[150 * 8];
        uint[] alone = new uint[8];
        compiled.Fill(new PositionRange(-10, 140), 0, together);
        for (int row = 0; row < 150; row++)
        {
            compiled.Fill(new PositionRange(row - 10, row - 9), 0, alone);
            Assert.Equal(alone, together[(row * 8)..((row + 1) * 8)]);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Queries_said_to_see_the_same_do(string name)
    {
        CompiledMask compiled = CompiledMask.Compile(_large[name]);
        uint[] first = new uint[8];
        uint[] other = new uint[8];
        foreach (long start in (long[])[0, 256, 512, 1024])
        {
            PositionRange tile = new(start, start + 256);
            for (long qPos = -5; qPos < 720; qPos += 3)
            {
                long until = compiled.SameUntil(qPos, tile);
                Assert.True(until > qPos, $"{name}: {until} after {qPos}");
                compiled.Fill(new PositionRange(qPos, qPos + 1), start, first);
                foreach (long last in (long[])[until - 1, Math.Min(until - 1, qPos + 70), (qPos + Math.Min(until - 1, 2000)) / 2])
                {
                    if (last < 1L << 50)
                    {
                        compiled.Fill(new PositionRange(last, last + 1), start, other);
                        Assert.True(first.AsSpan().SequenceEqual(other), $"{name}: queries {qPos} and {last} over {tile}, said to be the same until {until}");
                    }
                }
            }
        }
    }

    [Fact]
    public void The_algebra_has_its_laws()
    {
        AttentionMask[] masks = [.. MaskSamples.All(40).Values];
        SeededData data = new(33);
        for (int round = 0; round < 60; round++)
        {
            (AttentionMask a, AttentionMask b, AttentionMask c) = (data.Pick(masks), data.Pick(masks), data.Pick(masks));
            Assert.True(Same(~(a & b), ~a | ~b), $"~({a} & {b})");
            Assert.True(Same(~(a | b), ~a & ~b), $"~({a} | {b})");
            Assert.True(Same(a & (b | c), (a & b) | (a & c)), $"{a} & ({b} | {c})");
            Assert.True(Same(a | (b & c), (a | b) & (a | c)), $"{a} | ({b} & {c})");
            Assert.True(Same(a | (a & b), a), $"{a} | ({a} & {b})");
            Assert.True(Same(a & ~a, AttentionMask.None) && Same(a | ~a, AttentionMask.Full), $"{a}");
            Assert.Equal(a, ~~a);
        }
    }

    [Fact]
    public void Counts_do_not_overflow()
    {
        PositionRange all = new(0, 1L << 47);
        Int128 n = (Int128)1 << 47;
        Assert.Equal(n * n, CompiledMask.Compile(AttentionMask.Full).CountVisible(all, all));
        Assert.Equal(n * (n + 1) / 2, CompiledMask.Compile(AttentionMask.Causal).CountVisible(all, all));
        Assert.Equal((n * (n + 1) / 2) - 1, CompiledMask.Compile(AttentionMask.SlidingWindow((1L << 47) - 2, 0)).CountVisible(all, all));
    }

    [Fact]
    public void Counts_beyond_the_budget_are_intervals_that_hold_the_number()
    {
        AttentionMask mask = AttentionMask.Longformer(512, PositionSet.Of(0, 17));
        PositionRange all = new(0, 20_000);
        PairCount exact = CompiledMask.Compile(mask).CountVisible(all, all);
        long little = 100_000;
        PairCount rough = CompiledMask.Compile(mask).CountVisible(all, all, ref little);
        Assert.True(exact.IsExact);
        Assert.False(rough.IsExact);
        Assert.InRange(exact.Lower, rough.Lower, rough.Upper);
        Assert.InRange((double)rough.Upper / (double)exact.Lower, 1, 4);
    }

    /// <summary>What is promised of masks over a million positions: 50 ms and 64 MiB to compile, with room for a busy machine.</summary>
    [Fact]
    public void Structured_masks_over_a_million_positions_compile_fast_and_small()
    {
        const int Million = 1 << 20;
        AttentionMask[] masks =
        [
            AttentionMask.Causal & AttentionMask.SlidingWindow(4096, 4096),
            AttentionMask.Longformer(512, PositionSet.Of(0, 17, 500_000)),
            AttentionMask.BigBird(3, 2, 3, seed: 1, block: 64, length: Million),
            AttentionMask.Causal & SegmentsMask.FromIndptr([.. Enumerable.Range(0, (Million / 100) + 1).Select(static i => i * 100L)]),
            AttentionMask.Image(1024, 1024, 7, 7),
            new BlockSparseMask(BitMatrix.FromWords(new uint[Million / 256 * (Million / 256 / 32)], Million / 256, Million / 256), 256, 256),
        ];
        CompiledMask.Compile(AttentionMask.BigBird(3, 1, 1, 1) & AttentionMask.Causal);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch clock = Stopwatch.StartNew();
        foreach (AttentionMask mask in masks)
        {
            CompiledMask.Compile(mask).Cover(new(0, Million), new(0, Million));
        }

        Assert.InRange(clock.ElapsedMilliseconds, 0, 50 * masks.Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    private static bool Same(AttentionMask a, AttentionMask b)
    {
        (CompiledMask x, CompiledMask y) = (CompiledMask.Compile(a), CompiledMask.Compile(b));
        uint[] left = new uint[50 * 8];
        uint[] right = new uint[50 * 8];
        x.Fill(new PositionRange(-5, 45), 0, left);
        y.Fill(new PositionRange(-5, 45), 0, right);
        return left.AsSpan().SequenceEqual(right);
    }

    /// <summary>Random ranges, and what their pairs are one by one.</summary>
    private static IEnumerable<(PositionRange Q, PositionRange Kv, int Visible, PositionRange Hull)> Looks(string name, ulong seed)
    {
        AttentionMask mask = MaskOf(name);
        const int Before = 20;
        bool[,] visible = new bool[Before + 90, 90];
        for (int qPos = -Before; qPos < 90; qPos++)
        {
            for (int kvPos = 0; kvPos < 90; kvPos++)
            {
                visible[qPos + Before, kvPos] = mask.IsVisible(qPos, kvPos);
            }
        }

        SeededData data = new(seed);
        for (int round = 0; round < 1500; round++)
        {
            int qStart = data.NextInt(90) - Before;
            int kvStart = data.NextInt(70);
            PositionRange q = new(qStart, qStart + data.NextInt(data.Pick(2, 12)));
            PositionRange kv = new(kvStart, kvStart + data.NextInt(data.Pick(2, 20)));
            int count = 0;
            (long first, long end) = (long.MaxValue, 0);
            for (long qPos = q.Start; qPos < q.End; qPos++)
            {
                for (long kvPos = kv.Start; kvPos < kv.End; kvPos++)
                {
                    if (visible[qPos + Before, kvPos])
                    {
                        count++;
                        (first, end) = (Math.Min(first, kvPos), Math.Max(end, kvPos + 1));
                    }
                }
            }

            yield return (q, kv, count, new PositionRange(first, end));
        }
    }
}
