using DistAttention.Chaos.Hosts;
using DistAttention.Silo.Tests.Cluster;
using Xunit.Abstractions;

namespace DistAttention.Silo.Tests.Hosts;

/// <summary>What <c>./build.sh hosts</c> does: silos, their database and callers on hosts of their own, whose links are cut and heal.</summary>
[Collection(ClusterCollection.Name)]
public sealed class HostTests(ITestOutputHelper output)
{
    /// <summary>A short cut, and silos that find out fast, so that the others give up the one that is cut off, and it comes back.</summary>
    [HostFact]
    public async Task AnswersAreRightAndServiceComesBackWhenASilosHostIsCutOff()
    {
        HostReport report = await RunAsync(new HostOptions
        {
            Faults = [HostFault.SiloCut],
            Time = TimeSpan.FromSeconds(7),
            SiloArguments = ["--probe-timeout", "00:00:01", "--Cluster:Refresh", "00:00:02"],
        });
        Assert.True(report.Outcomes[0].DoneMeanwhile > 0);
    }

    /// <summary>What the issue asks for, and every other fault, with the options that silos have unless told otherwise.</summary>
    [HostFact]
    [Trait("Category", "Soak")]
    public async Task ServiceIsBackWithinThirtySecondsAfterAMinuteOfEveryFault() => await RunAsync(new HostOptions());

    private async Task<HostReport> RunAsync(HostOptions options)
    {
        using StringWriter said = new();
        HostReport report = await HostRun.RunAsync(options, said, CancellationToken.None);
        report.Print(said);
        output.WriteLine(said.ToString());
        Assert.True(report.IsClean, said.ToString());
        return report;
    }
}

/// <summary>A test that needs network namespaces and a PostgreSQL server.</summary>
internal sealed class HostFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> _whyNot = new(static () => HostRun.WhyNotAsync().GetAwaiter().GetResult());

    public HostFactAttribute() => Skip = _whyNot.Value;
}
