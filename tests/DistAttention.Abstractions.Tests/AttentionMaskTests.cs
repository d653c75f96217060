namespace DistAttention.Abstractions.Tests;

public sealed class AttentionMaskTests
{
    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    [InlineData("!full")]
    [InlineData("window:4096,0")]
    [InlineData("window:all,3")]
    [InlineData("last:512")]
    [InlineData("chunk:64")]
    [InlineData("chunk:64,back=2,ahead=1")]
    [InlineData("prefix:512")]
    [InlineData("streaming:sinks=4,window=1024")]
    [InlineData("dilated:3")]
    [InlineData("dilated:3,-1")]
    [InlineData("keys:0-3;17")]
    [InlineData("queries:5")]
    [InlineData("global:0;17")]
    [InlineData("global:0;17,onesided")]
    [InlineData("longformer:window=256,global=0;17")]
    [InlineData("longformer:window=8,dilation=3,onesided")]
    [InlineData("bigbird:window=3,global=2,random=3,seed=1,block=64")]
    [InlineData("bigbird:window=3,global=2,random=3,seed=18446744073709551615,block=64,length=4096")]
    [InlineData("random:block=64,count=3,seed=9,length=640,reach=1,first=2")]
    [InlineData("image:14,14,window=7")]
    [InlineData("image:14,12,window=7x3,start=1")]
    [InlineData("image:14,14,window=3xall")]
    [InlineData("image:14,14,rows")]
    [InlineData("image:14,14,columns")]
    [InlineData("segments:0;100;250")]
    [InlineData("causal & window:8,8")]
    [InlineData("causal & (prefix:3 | last:4) & !chunk:5")]
    [InlineData("!(causal | keys:1) | !last:2")]
    public void TextRoundTrips(string text)
    {
        AttentionMask mask = AttentionMask.Parse(text);
        Assert.Equal(text, mask.ToString());
        Assert.Equal(mask, AttentionMask.Parse($"  ({text.Replace(",", " , ", StringComparison.Ordinal)} ) "));
        AttentionMask.CheckSyntax(text);
    }

    [Theory]
    [InlineData("window:8", "window:8,8")]
    [InlineData("window:left=8,right=0", "window:8,0")]
    [InlineData("window:right=0,left=8", "window:8,0")]
    [InlineData("~causal", "!causal")]
    [InlineData("!!causal", "causal")]
    [InlineData("none", "!full")]
    [InlineData("first:4", "keys:0-3")]
    [InlineData("keys:3;1;2;7-9", "keys:1-3;7-9")]
    [InlineData("full & causal", "causal")]
    [InlineData("causal & !full", "!full")]
    [InlineData("causal | full", "full")]
    [InlineData("last:2 & (causal & last:3)", "last:2 & causal & last:3")]
    [InlineData("last:2 | causal & last:3", "last:2 | causal & last:3")]
    [InlineData("bigbird:3", "bigbird:window=3,global=0,random=0,seed=0,block=64")]
    public void OtherSpellingsMeanTheSame(string text, string canonical) => Assert.Equal(canonical, AttentionMask.Parse(text).ToString());

    [Theory]
    [InlineData("", 0, "expected a mask, found the end")]
    [InlineData("  casual", 2, "did you mean 'causal'?")]
    [InlineData("Causal", 0, "did you mean 'causal'?")]
    [InlineData("frobnicate", 0, "masks are full, none, causal")]
    [InlineData("causal full", 7, "masks are joined by & or |")]
    [InlineData("(causal", 7, "expected ')' for the '(' at character 1")]
    [InlineData("causal)", 6, "unexpected ')'")]
    [InlineData("causal &", 8, "expected a mask, found the end")]
    [InlineData("causal & & full", 9, "expected a mask, found '&'")]
    [InlineData("causal:3", 7, "'causal' takes no values")]
    [InlineData("window", 6, "'window' needs left")]
    [InlineData("window:", 7, "expected a value")]
    [InlineData("window:4x", 7, "'4x' is not a whole number")]
    [InlineData("window:4,5,6", 11, "unexpected '6'; 'window' takes left, right")]
    [InlineData("window:-4", 7, "-4 is not between 0")]
    [InlineData("causal & chunk:64,bakc=2", 18, "'bakc' is not one of its values")]
    [InlineData("chunk:64,back=x", 14, "'x' is not a whole number")]
    [InlineData("bigbird:window=4", 15, "4 is not an odd number")]
    [InlineData("keys:1;x;3", 7, "'x' is no position")]
    [InlineData("keys:9-3", 5, "'9-3' is no position")]
    [InlineData("image:4,5", 6, "needs one of window=7")]
    [InlineData("image:4,5,window=4", 17, "4 is not an odd number")]
    [InlineData("segments:ids.npy", 9, "names a file")]
    [InlineData("graph:a.npy", 5, "'graph' needs indices")]
    [InlineData("segments:5;3", 9, "less than the 5 before it")]
    [InlineData("bits:\"a", 5, "never closed")]
    public void AnErrorPointsAtTheCharacter(string text, int position, string problem)
    {
        MaskSyntaxException error = Assert.Throws<MaskSyntaxException>(() => AttentionMask.Parse(text));
        Assert.Equal(position, error.Position);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains($"character {position + 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NestingHasAnEnd()
    {
        Assert.Throws<MaskSyntaxException>(() => AttentionMask.Parse(new string('(', 10_000) + "causal"));
        Assert.Throws<MaskSyntaxException>(() => AttentionMask.Parse(new string('!', 10_000) + "causal"));
        AttentionMask mask = AttentionMask.Causal;
        Assert.Throws<InvalidSpecException>(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                mask = ~(mask & AttentionMask.LastPositions(i + 1));
            }
        });
    }

    [Fact]
    public void FilesAreReadByWhoeverParses()
    {
        Files files = new();
        Assert.Equal("bits:m.npy,at=7", AttentionMask.Parse("bits:m.npy", files).ToString());
        Assert.Equal("bits:\"a b,c.npy\",at=3,kv=2", AttentionMask.Parse("bits:\"a b,c.npy\",at=3,kv=2", files).ToString());
        Assert.Equal("blocks:m.npy,block=8x16,at=0", AttentionMask.Parse("blocks:m.npy,block=8x16,at=0", files).ToString());
        Assert.Equal("segments:ids.npy & causal", AttentionMask.Parse("segments:ids.npy & causal", files).ToString());
        Assert.Equal("graph:0.npy,i.npy", AttentionMask.Parse("graph:0.npy,i.npy", files).ToString());
        Assert.True(AttentionMask.Parse("bits:m.npy", files).IsVisible(7, 1));
        Assert.True(AttentionMask.Parse("segments:ids.npy", files).IsVisible(3, 2));
        Assert.False(AttentionMask.Parse("segments:ids.npy", files).IsVisible(3, 1));
    }

    [Fact]
    public void EqualMasksHaveEqualHashesAndDifferentOnesDoNot()
    {
        AttentionMask[] masks = [.. MaskSamples.All(60).Values];
        AttentionMask[] again = [.. MaskSamples.All(60).Values];
        for (int i = 0; i < masks.Length; i++)
        {
            for (int j = 0; j < masks.Length; j++)
            {
                Assert.Equal(i == j, masks[i] == again[j]);
                Assert.Equal(i == j, masks[i].ContentHash == again[j].ContentHash);
            }
        }
    }

    [Fact]
    public void DefinitionsAreWhatTheyRead()
    {
        Assert.True(AttentionMask.Causal.IsVisible(5, 5) && AttentionMask.Causal.IsVisible(5, 0));
        Assert.False(AttentionMask.Causal.IsVisible(5, 6) || AttentionMask.Causal.IsVisible(-1, 0));
        Assert.True(AttentionMask.Full.IsVisible(-1, 100));
        AssertSeen(AttentionMask.SlidingWindow(2, 1), 10, 8, 9, 10, 11);
        AssertSeen(AttentionMask.LastPositions(3), 10, 8, 9, 10);
        AssertSeen(AttentionMask.LastPositions(3), 1, 0, 1);
        AssertSeen(AttentionMask.Chunked(4), 6, 4, 5, 6, 7);
        AssertSeen(AttentionMask.Chunked(4, back: 1), 6, 0, 1, 2, 3, 4, 5, 6, 7);
        AssertSeen(AttentionMask.Prefix(3), 1, 0, 1, 2);
        AssertSeen(AttentionMask.Prefix(3), 4, 0, 1, 2, 3, 4);
        AssertSeen(AttentionMask.Streaming(2, 3), 10, 0, 1, 8, 9, 10);
        AssertSeen(AttentionMask.Dilated(5), 12, 2, 7, 12, 17);
        AssertSeen(AttentionMask.Dilated(5, 1), 12, 1, 6, 11, 16);
        AssertSeen(AttentionMask.Longformer(4, PositionSet.Of(0)), 10, 0, 8, 9, 10, 11, 12);
        AssertSeen(AttentionMask.Longformer(4, PositionSet.Of(0), dilation: 3), 10, 0, 4, 7, 10, 13, 16);
        AssertSeen(AttentionMask.Longformer(4, PositionSet.Of(10), symmetric: false), 10, 8, 9, 10, 11, 12);
        AssertSeen(AttentionMask.Longformer(4, PositionSet.Of(10)), 10, [.. Enumerable.Range(0, 20)]);
        AssertSeen(AttentionMask.Image(3, 4, 3, 3), 5, 0, 1, 2, 4, 5, 6, 8, 9, 10);
        AssertSeen(AttentionMask.Image(3, 4, 1, null), 5, 4, 5, 6, 7);
        AssertSeen(AttentionMask.Image(3, 4, null, 1), 5, 1, 5, 9);
        AssertSeen(SegmentsMask.FromIndptr([0, 3, 3, 7]), 5, 3, 4, 5, 6);
        AssertSeen(SegmentsMask.FromIds([4, -1, 4, 7, 4]), 2, 0, 2, 4);
        AssertSeen(SegmentsMask.FromIds([4, -1, 4, 7, 4]), 1);
        AssertSeen(new GraphMask([0, 2, 3], [5, 1, 1]), 0, 1, 5);
        AssertSeen(new BlockSparseMask(BitMatrix.FromBools([false, true, true, false], 2, 2), 2, 3), 1, 3, 4, 5);
    }

    [Fact]
    public void RandomBlocksAreAsManyAsAskedForDifferentAndNeverNear()
    {
        RandomBlocksMask past = new(8, 3, 5, null, reach: 1, first: 2);
        RandomBlocksMask all = new(8, 3, 5, 800, reach: 1, first: 2);
        long[] blocks = new long[3];
        long[] counts = new long[100];
        for (int block = 0; block < 100; block++)
        {
            int count = past.Draw(block, blocks);
            Assert.Equal(Math.Clamp(block - 3, 0, 3), count);
            Assert.All(blocks[..count], b => Assert.InRange(b, 2, block - 2));
            Assert.Equal(3, all.Draw(block, blocks));
            Assert.Equal(3, blocks.Distinct().Count());
            Assert.All(blocks, b => Assert.True(b is >= 2 and < 100 && Math.Abs(b - block) > 1));
            foreach (long drawn in blocks)
            {
                counts[drawn]++;
            }
        }

        // 300 draws over 98 blocks: no block stands out.
        Assert.InRange(counts.Max(), 3, 12);
        Assert.Equal(0, past.Draw(-1, blocks));
    }

    [Fact]
    public void WhatIsCutAgreesInsideAndIsNoLarger()
    {
        SeededData data = new(5);
        foreach ((string name, AttentionMask mask) in MaskSamples.All(120))
        {
            for (int round = 0; round < 10; round++)
            {
                int qStart = data.NextInt(120) - 10;
                PositionRange q = new(qStart, qStart + data.NextInt(20));
                int a = data.NextInt(60);
                int b = a + data.NextInt(20);
                int c = b + 1 + data.NextInt(30);
                PositionRange[] kv = [new(a, b), new(c, c + data.NextInt(20))];
                AttentionMask cut = mask.Restrict(q, kv);
                Assert.True(!mask.HasData || cut.DataBytes(q, kv) <= mask.DataBytes(new(-1000, 1000), [new(0, 1000)]) + 64, name);
                foreach (PositionRange range in kv)
                {
                    for (long qPos = q.Start; qPos < q.End; qPos++)
                    {
                        for (long kvPos = range.Start; kvPos < range.End; kvPos++)
                        {
                            Assert.True(mask.IsVisible(qPos, kvPos) == cut.IsVisible(qPos, kvPos), $"{name} {q} {range}: {qPos}, {kvPos}");
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void OutlinesHoldNoData()
    {
        foreach (AttentionMask mask in MaskSamples.All(300).Values)
        {
            Assert.False(mask.Outline().HasData);
            Assert.True(mask.HasData || mask.Outline() == mask);
        }

        Assert.Equal(AttentionMask.Causal, (AttentionMask.Causal & new BitMask(BitMatrix.FromBools([true], 1, 1))).Outline());
    }

    private static void AssertSeen(AttentionMask mask, long qPos, params int[] expected) =>
        Assert.Equal(expected, Enumerable.Range(0, 20).Where(kvPos => mask.IsVisible(qPos, kvPos)));

    private sealed class Files : IMaskFiles
    {
        public long FirstQueryPosition => 7;

        public BitMatrix ReadBits(string name) => BitMatrix.FromBools([false, true], 1, 2);

        public long[] ReadIntegers(string name) => name.StartsWith('0') ? [0, 4] : [1, 1, 2, 2];
    }
}
