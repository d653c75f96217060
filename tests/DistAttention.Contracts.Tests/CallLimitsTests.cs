namespace DistAttention.Contracts.Tests;

public sealed class CallLimitsTests
{
    [Fact]
    public void TilesHoldAboutAMegabyteOfQueriesAndNoMoreThanAMessageOfAnswers()
    {
        Assert.Equal(256, CallLimits.TileRows(new SequenceSpec { NumHeadsQ = 8, NumHeadsKv = 8, HeadDim = 128 }));
        Assert.Equal(1, CallLimits.TileRows(new SequenceSpec { NumHeadsQ = 4096, HeadDim = 576 }));
        int rows = CallLimits.TileRows(new SequenceSpec { NumHeadsQ = 32, HeadDim = 8, HeadDimV = 512 });
        Assert.InRange((long)rows * 32 * 513 * sizeof(float), 3 << 20, CallLimits.MessageBytes);
    }

    [Fact]
    public void WhatNoMessageCarriesIsRefusedBeforeItIsSent()
    {
        CallLimits.RequireFits("It", CallLimits.MaxMessageBytes - (64 << 10));
        MessageTooLargeException error = Assert.Throws<MessageTooLargeException>(() => CallLimits.RequireFits("It", CallLimits.MaxMessageBytes));
        Assert.Equal(("It", CallLimits.MaxMessageBytes), (error.What, error.Bytes));
    }
}
