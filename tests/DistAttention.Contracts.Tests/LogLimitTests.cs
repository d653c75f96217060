namespace DistAttention.Contracts.Tests;

public sealed class LogLimitTests
{
    [Fact]
    public void WhatIsLeftOutIsCountedAndToldOnce()
    {
        ManualTime time = new();
        LogLimit limit = new(3, TimeSpan.FromMinutes(1), time);
        Assert.Equal(3, Enumerable.Range(0, 10).Count(_ => limit.TryTake(out long before) && before == 0));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limit.TryTake(out long leftOut));
        Assert.Equal(7, leftOut);
        Assert.True(limit.TryTake(out leftOut));
        Assert.Equal(0, leftOut);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(limit.TryTake(out leftOut));
        Assert.Equal(0, leftOut);
    }
}
