using DistAttention.Chaos.Elasticity;
using DistAttention.Silo.Tests.Cluster;
using Xunit.Abstractions;

namespace DistAttention.Silo.Tests.Elasticity;

/// <summary>Silos of real processes come and go in order under load: no call fails, every answer has the bits of one process, and bytes end up even.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ElasticTests(ITestOutputHelper output)
{
    /// <summary>Silos join, and are asked to end: a short slice of what follows.</summary>
    [Fact]
    public async Task NoCallFailsWhileTwoSilosBecomeFourAndTwoAgain() => await RunAsync(new ElasticOptions { Scenario = ElasticScenario.Scale, Rest = TimeSpan.FromSeconds(0.5) });

    /// <summary>What the issue asks for, over and over: with second copies and without, and with no storage at all.</summary>
    [Theory]
    [Trait("Category", "Soak")]
    [InlineData(ElasticScenario.RollingRestart, 1, false)]
    [InlineData(ElasticScenario.RollingRestart, 2, false)]
    [InlineData(ElasticScenario.RollingRestart, 1, true)]
    [InlineData(ElasticScenario.Scale, 1, false)]
    [InlineData(ElasticScenario.Scale, 2, false)]
    [InlineData(ElasticScenario.Scale, 1, true)]
    public async Task NoCallFailsHoweverOftenSilosComeAndGo(ElasticScenario scenario, int replicas, bool inMemory)
    {
        ElasticOptions options = new() { Scenario = scenario, Rounds = 6 };
        await RunAsync(options with { Cluster = options.Cluster with { Replicas = replicas, InMemory = inMemory } });
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
