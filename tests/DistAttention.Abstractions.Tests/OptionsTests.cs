namespace DistAttention.Abstractions.Tests;

public sealed class OptionsTests
{
    public static TheoryData<AttendOptions, string> Impossible => new()
    {
        { new AttendOptions { Mask = null! }, nameof(AttendOptions.Mask) },
        { new AttendOptions { Score = null! }, nameof(AttendOptions.Score) },
        { new AttendOptions { Length = -1 }, nameof(AttendOptions.Length) },
        { new AttendOptions { Timeout = TimeSpan.Zero }, nameof(AttendOptions.Timeout) },
        { new AttendOptions { Timeout = TimeSpan.FromDays(2) }, nameof(AttendOptions.Timeout) },
        { new AttentionMassOptions { TopK = -1 }, nameof(AttentionMassOptions.TopK) },
        { new AttentionMassOptions { TopK = 1025 }, nameof(AttentionMassOptions.TopK) },
        { new AttentionMassOptions { Bins = -1 }, nameof(AttentionMassOptions.Bins) },
        { new AttentionMassOptions { Bins = 65_537 }, nameof(AttentionMassOptions.Bins) },
        { new AttentionMassOptions(), nameof(AttentionMassOptions.TopK) },
        { new AttentionMassOptions { TopK = 1, Mask = null! }, nameof(AttendOptions.Mask) },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void AnImpossibleOptionIsNamed(AttendOptions options, string property) =>
        Assert.Equal(property, Assert.Throws<InvalidSpecException>(options.Validate).Property);

    [Fact]
    public void WhatIsWrongIsSaidWithItsValue() =>
        Assert.Contains(
            "2.00:00:00 is not between 0 and a day",
            Assert.Throws<InvalidSpecException>(new AttendOptions { Timeout = TimeSpan.FromDays(2) }.Validate).Message,
            StringComparison.Ordinal);

    [Fact]
    public void CheckingWhatIsRightAllocatesNothing()
    {
        AttendOptions options = new() { Length = 5 };
        SequenceSpec spec = new() { NumHeadsQ = 8, NumHeadsKv = 2, HeadDim = 64 };
        options.ValidateFor(spec);
        spec.Validate();
        long before = GC.GetAllocatedBytesForCurrentThread();

        options.ValidateFor(spec);
        spec.Validate();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AScaleMustBeFinite() =>
        Assert.Throws<InvalidSpecException>(static () => new ScaledDotScore { SmScale = float.NaN });

    [Theory]
    [InlineData(10, 3)]
    [InlineData(3, 10)]
    [InlineData(1, 1)]
    [InlineData(1_000_003, 997)]
    public void BinsShareAllPositionsWithoutAGap(long length, int bins)
    {
        long next = 0;
        for (int bin = 0; bin < bins; bin++)
        {
            PositionRange range = AttentionMass.BinRange(bin, bins, length);
            Assert.Equal(next, range.Start);
            Assert.InRange(range.Length, length / bins, (length / bins) + 1);
            next = range.End;
        }

        Assert.Equal(length, next);
    }
}
