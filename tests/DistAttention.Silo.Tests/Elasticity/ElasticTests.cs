using DistAttention.Chaos.Elasticity;
using DistAttention.Silo.Tests.Cluster;
using Xunit.Abstractions;

namespace DistAttention.Silo.Tests.Elasticity;

/// <summary>Silos of real processes come and go in order under load: no call fails, every answer has the bits of one process, and bytes end up even.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ElasticTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(ElasticScenario.RollingRestart)]
    [InlineData(ElasticScenario.Scale)]
    public async Task NoCallFailsWhileSilosComeAndGo(ElasticScenario scenario) => await RunAsync(new ElasticOptions { Scenario = scenario, Rest = TimeSpan.FromSeconds(0.5) });

    /// <summary>What the issue asks for, over and over, with second copies and without.</summary>
    [Theory]
    [Trait("Category", "Soak")]
    [InlineData(ElasticScenario.RollingRestart, 1)]
    [InlineData(ElasticScenario.RollingRestart, 2)]
    [InlineData(ElasticScenario.Scale, 1)]
    [InlineData(ElasticScenario.Scale, 2)]
    public async Task NoCallFailsHoweverOftenSilosComeAndGo(ElasticScenario scenario, int replicas)
    {
        ElasticOptions options = new() { Scenario = scenario, Rounds = 8 };
        await RunAsync(options with { Cluster = options.Cluster with { Replicas = replicas } });
    }

    private async Task RunAsync(ElasticOptions options)
    {
        using StringWriter said = new();
        ElasticReport report = await ElasticRun.RunAsync(options, said, CancellationToken.None);
        report.Print(said);
        output.WriteLine(said.ToString());
        Assert.True(report.Calls.Failures == 0, said.ToString());
        Assert.True(report.IsClean, said.ToString());
        Assert.Equal(options.Scenario == ElasticScenario.Scale ? 2 * options.Rounds : 0, report.Evenness.Count);
    }
}
