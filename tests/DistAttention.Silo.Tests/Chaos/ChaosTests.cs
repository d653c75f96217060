using DistAttention.Chaos.Running;
using DistAttention.Silo.Tests.Cluster;
using Xunit.Abstractions;

namespace DistAttention.Silo.Tests.Chaos;

/// <summary>A short slice of what <c>./build.sh chaos</c> does.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task NothingIsLostAndNothingWrongUnderFaultsOfAllKinds() =>
        await RunAsync(new ChaosOptions { Seed = 4, Time = TimeSpan.FromSeconds(12), LongestStop = TimeSpan.FromSeconds(3), Trace = true });

    /// <summary>What the issue asks for.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public async Task NothingIsLostByTwoHundredKills()
    {
        ChaosReport report = await RunAsync(new ChaosOptions { Seed = 5, Kills = 200 });
        Assert.Equal((200, 20), (report.Kills, report.KillsOfAll));
    }

    private async Task<ChaosReport> RunAsync(ChaosOptions options)
    {
        using StringWriter said = new();
        ChaosReport report = await ChaosRun.RunAsync(options, said, CancellationToken.None);
        report.Print(said);
        output.WriteLine(said.ToString());
        Assert.True(report.IsClean, said.ToString());
        Assert.True(report.Kills + report.KillsOfAll > 0, said.ToString());
        return report;
    }
}
