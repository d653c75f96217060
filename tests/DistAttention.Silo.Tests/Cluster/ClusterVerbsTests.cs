using System.Diagnostics;
using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Silo.Tests.Cluster;

[Collection(ClusterCollection.Name)]
public sealed class ClusterVerbsTests : IDisposable
{
    private readonly ClusterHome _home = new();
    private readonly Workspace _files = new();

    public ClusterVerbsTests()
    {
        _files.WriteNormal("q.npy", 1, 3000, 4, 32);
        _files.WriteNormal("k.npy", 2, 3000, 2, 32);
        _files.WriteNormal("v.npy", 3, 3000, 2, 32);
    }

    [Fact]
    public async Task UpJoinKillAndDownGiveTheBitsOfOneProcessAllTheWay()
    {
        string expected = await DigestsAsync("--embedded");

        Ended up = (await _home.ClusterAsync("up", "--silos", "1")).Ok();
        Assert.Contains("silo-1  process ", up.Out, StringComparison.Ordinal);
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        Dictionary<string, JsonNode> status = await _home.StatusAsync();
        Assert.Equal(["silo-1", "silo-2"], status.Keys);
        Assert.All(status.Values, static silo =>
        {
            Assert.Equal("active", (string)silo["state"]!);
            Assert.True((long)silo["budgetBytes"]! > 0);
        });
        string second = (string)status["silo-2"]["gateway"]!;
        Assert.Equal(expected, await DigestsAsync("--cluster", second));
        await ExplainIsWhatAttendDoesAsync(second);

        (await _home.ClusterAsync("kill", "silo-1")).Ok();
        Assert.Contains((string)(await _home.StatusAsync())["silo-1"]["state"]!, (string[])["lost", "dead"]);
        await _home.WaitUntilNoticedAsync("silo-1");
        Assert.Equal(expected, await DigestsAsync("--cluster", second));

        (await _home.ClusterAsync("down")).Ok();
        await _home.WaitUntilNoneRunsAsync();
        Assert.Empty(await _home.StatusAsync());
    }

    [Fact]
    public async Task SilosOfAVerbEndWithIt()
    {
        string expected = await DigestsAsync("--embedded");
        Ended ended = (await _home.RunAsync(_files.Attend("--silos", "2", "--mask", "causal", "--shard-length", "1024", "--json"))).Ok();
        Assert.Equal(expected, ended.Digests);
        JsonArray owners = ended.Json["silos"]!.AsArray();
        Assert.Equal(2, owners.Count);
        Assert.All(owners, static owner => Assert.True((int)owner!["shards"]! > 0));
        Assert.Equal(3000, owners.Sum(static owner => (long)owner!["positions"]!));
        await _home.WaitUntilNoneRunsAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_home.Temporary, "distattn-*"));
    }

    [Theory]
    [InlineData("SIGINT", 130)]
    [InlineData("SIGKILL", 137)]
    public async Task SilosOfAVerbEndWhenItIsStopped(string signal, int exitCode)
    {
        using Process verb = Distattn.Start(_home.Environment, "demo", "--silos", "2", "--tokens", "200000");
        while (_home.Silos().Count < 2)
        {
            Assert.False(verb.HasExited);
            await Task.Delay(50); // another process tells nobody: it has to be looked at
        }

        await Task.Delay(500); // somewhere between starting and attending: the test holds wherever it falls
        using (Process kill = Process.Start("kill", [$"-{signal}", $"{verb.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        Assert.Equal(exitCode, (await Distattn.EndAsync(verb)).ExitCode);
        await _home.WaitUntilNoneRunsAsync();
    }

    [Fact]
    public async Task AVerbThatFailsLeavesNoSilos()
    {
        File.WriteAllBytes(_files["v.npy"], File.ReadAllBytes(_files["v.npy"])[..^8]);
        (await _home.RunAsync(_files.Attend("--silos", "2"))).Failed(1, "v.npy");
        await _home.WaitUntilNoneRunsAsync();
    }

    [Fact]
    public async Task TheDemonstrationOnSilosGivesTheBitsOfOneProcessAndSaysWhoOwnedWhat()
    {
        string[] demo = ["demo", "--document", _files.WriteBytes("text.txt", [.. Enumerable.Range(0, 30_000).Select(static i => (byte)((i * i / 7 % 11) == 0 ? ' ' : 'a' + (i * 31 % 26)))]), "--json"];
        Ended embedded = (await _home.RunAsync([.. demo, "--embedded", "--tokens", "7000"])).Ok();
        Ended silos = (await _home.RunAsync([.. demo, "--silos", "3", "--tokens", "7000"])).Ok();
        Assert.Equal(embedded.Digests, silos.Digests);
        Assert.All(silos.Json["silos"]!.AsArray(), static silo => Assert.True((int)silo!["shards"]! > 0));
        Assert.Equal(3, silos.Json["silos"]!.AsArray().Select(static silo => (int)silo!["process"]!).Distinct().Count());
        await _home.WaitUntilNoneRunsAsync();
    }

    [Fact]
    public async Task WhatCannotBeIsOneLine()
    {
        (await _home.ClusterAsync("kill", "silo-1")).Failed(1, "no local cluster runs");
        (await _home.RunAsync(_files.Attend("--cluster", "127.0.0.1:1"))).Failed(1, "no gateway of a cluster answers at 127.0.0.1:1");
        (await _home.RunAsync(_files.Attend("--cluster", "here"))).Failed(2, "'here' is not HOST:PORT");
        (await _home.RunAsync(_files.Attend("--silos", "0"))).Failed(2, "0 is not between 1 and 64");
        (await _home.RunAsync(_files.Attend("--silos", "2", "--embedded"))).Failed(2, "exclude each other");
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        (await _home.ClusterAsync("up", "--silos", "1", "--base-port", $"{port}")).Failed(1, $"port {port} is taken");
    }

    /// <summary>The plan of the cluster, from the headers of the files alone, has the shards and owners that attending then has.</summary>
    private async Task ExplainIsWhatAttendDoesAsync(string gateway)
    {
        string[] inputs = ["--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--mask", "causal", "--shard-length", "1024", "--json"];
        JsonNode embedded = (await _home.RunAsync(["explain", .. inputs, "--embedded"])).Ok().Json;
        JsonNode plan = (await _home.RunAsync(["explain", .. inputs, "--cluster", gateway])).Ok().Json;
        Assert.Equal(["silo-1", "silo-2"], plan["owners"]!.AsArray().Select(static owner => (string)owner!["owner"]!).Order());
        Assert.Equal([0, 1, 2], plan["owners"]!.AsArray().SelectMany(static owner => owner!["shards"]!.AsArray()).Select(static shard => (int)shard!["shard"]!).Order());
        Assert.Equal((long)embedded["unmaskedPairs"]!, (long)plan["unmaskedPairs"]!);
        Assert.Equal((long)embedded["blocksSkipped"]!, (long)plan["blocksSkipped"]!);
    }

    public void Dispose()
    {
        _home.Dispose();
        _files.Dispose();
    }

    private async Task<string> DigestsAsync(params string[] place) =>
        (await _home.RunAsync(_files.Attend([.. place, "--mask", "causal", "--shard-length", "1024", "--json"]))).Ok().Digests;
}
