using System.Diagnostics;
using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>A machine that is busy is not a machine that is dead.</summary>
[Collection(ClusterCollection.Name)]
public sealed class SaturationTests
{
    [Fact]
    [Trait("Category", "Soak")]
    public async Task TenSecondsOfSaturatedCoresWithShortProbesEvictNobody()
    {
        using ClusterHome home = new(("DISTATTN_Cluster__ProbeTimeout", "00:00:00.5"));
        (await home.ClusterAsync("up", "--silos", "3", "--threads", $"{Environment.ProcessorCount}")).Ok();
        string gateway = await home.GatewayAsync("silo-1");
        int[] before = [.. (await home.StatusAsync()).Values.Select(static silo => (int)silo["process"]!)];

        // Kernels on every thread of every silo, and other programs besides.
        using CancellationTokenSource enough = new(TimeSpan.FromSeconds(10));
        Thread[] others = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() => SpinWait.SpinUntil(() => enough.IsCancellationRequested)))];
        Array.ForEach(others, static thread => thread.Start());
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10))
        {
            (await home.RunAsync("demo", "--cluster", gateway, "--tokens", "20000", "--shard-length", "1024", "--json")).Ok();
        }

        Array.ForEach(others, static thread => thread.Join());
        Dictionary<string, JsonNode> after = await home.StatusAsync();
        Assert.All(after.Values, static silo => Assert.Equal("active", (string)silo["state"]!));
        Assert.Equal(before, after.Values.Select(static silo => (int)silo["process"]!));
    }
}
