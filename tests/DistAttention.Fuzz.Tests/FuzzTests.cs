using System.Globalization;
using DistAttention.Fuzz.Running;

namespace DistAttention.Fuzz.Tests;

/// <summary>A short slice of what <c>./build.sh fuzz</c> does.</summary>
public sealed class FuzzTests
{
    private static readonly FuzzOptions _options = new()
    {
        Inputs = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_INPUTS"), CultureInfo.InvariantCulture, out int inputs) ? inputs : 6_000,
        Seed = 20_261,
        Threads = 2,
    };

    public static TheoryData<string> Targets() => [.. FuzzTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public void WhatIsReadIsRightAndEverythingElseIsRefused(string target)
    {
        FuzzResult result = new FuzzRun(target, FuzzTargets.All[target], _options).Run();
        Assert.True(result.Failures.Count == 0, string.Join(Environment.NewLine, result.Failures));
        Assert.Equal(_options.Inputs, result.Accepted + result.Refused);
        Assert.NotEqual(0, result.Refused);
        Assert.True(result.Accepted > 0 || target == "log-bits", "Nothing is read any more: the good inputs are not good.");
    }

    [Fact]
    public void TheTargetsTogetherTryAtLeastAHundredThousandInputs() => Assert.InRange(_options.Inputs * FuzzTargets.All.Count, 100_000, long.MaxValue);

    [Theory]
    [MemberData(nameof(Targets))]
    public void AnInputIsMadeAgainFromItsSeedAndNumber(string target)
    {
        using FuzzTarget first = FuzzTargets.All[target]();
        using FuzzTarget second = FuzzTargets.All[target]();
        for (int number = 0; number < 50; number++)
        {
            Assert.Equal(FuzzRun.Input(first, 5, number), FuzzRun.Input(second, 5, number));
        }

        Assert.NotEqual(FuzzRun.Input(first, 5, 1), FuzzRun.Input(first, 6, 1));
    }
}
