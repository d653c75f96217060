using System.Diagnostics;
using System.Net;
using DistAttention.Cli.Tests.Running;
using DistAttention.Client;
using DistAttention.Silo.Tests.Cluster;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Upgrades;

/// <summary>A cluster is upgraded a silo at a time: silos and clients of an earlier build and of this one serve it together, with the same bits.</summary>
[Collection(ClusterCollection.Name)]
[Trait("Category", "Soak")]
public sealed class UpgradeTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly AttentionProblem _problem = new() { Seed = 67, NumHeadsKv = 2, GroupSize = 2, HeadDim = 32, HeadDimV = 32, Length = 6000, Rows = 40, Mask = AttentionMask.Causal };
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 32, ShardLength = 1024, ExpectedLength = 6000 };

    private readonly ClusterHome _home = new();
    private readonly Workspace _files = new();
    private readonly Dictionary<string, (Process Process, int Gateway)> _silos = [];

    [PreviousCommitFact]
    public async Task WithTheCommitBeforeThisOne() => await RunAsync(await EarlierBuild.MakeAsync(EarlierBuild.PreviousCommit()!));

    [BaseCommitFact]
    public async Task WithTheOldestCommitThatIsToWork() => await RunAsync(await EarlierBuild.MakeAsync(EarlierBuild.BaseCommit()!));

    public void Dispose()
    {
        foreach ((Process process, _) in _silos.Values)
        {
            process.Kill();
            process.Dispose();
        }

        _home.Dispose();
        _files.Dispose();
    }

    private static string ThisSilo { get; } = Distattn.Path.Replace("DistAttention.Cli", "DistAttention.Silo", StringComparison.Ordinal).Replace("distattn", "distattn-silo", StringComparison.Ordinal);

    private async Task RunAsync(EarlierBuild earlier)
    {
        _files.WriteNormal("q.npy", 1, 300, 4, 32);
        _files.WriteNormal("k.npy", 2, 3000, 2, 32);
        _files.WriteNormal("v.npy", 3, 3000, 2, 32);
        string expected = (await _home.RunAsync(_files.Attend("--embedded", "--mask", "causal", "--json"))).Ok().Digests;
        Start("earlier", earlier.Silo);
        await WaitUntilServedByAsync(1);
        Start("this", ThisSilo);
        await WaitUntilServedByAsync(2);

        // Clients of either build, at silos of either.
        foreach (string program in (string[])[earlier.Cli, Distattn.Path])
        {
            foreach ((_, int gateway) in _silos.Values)
            {
                using Process attend = Distattn.StartProgram(program, _home.Environment, _files.Attend("--cluster", $"127.0.0.1:{gateway}", "--mask", "causal", "--shard-length", "1024", "--json"));
                Assert.Equal(expected, (await Distattn.EndAsync(attend)).Ok().Digests);
            }
        }

        await using DistAttentionClient client = await ConnectAsync("earlier");
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _spec);
        await AppendAsync(sequence, 0, 4000);
        Assert.Equal(2, (await sequence.ExplainAsync(40)).Visits.Select(static v => v.Owner).Distinct().Count()); // rows on silos of both builds
        Assert.Equal(await ExpectedAsync(4000), await AnswerAsync(sequence));
        Assert.Equal(await ExpectedAsync(2500), await AnswerAsync(await sequence.ForkAsync("fork", 2500)));

        // The earlier one goes while calls run, another one of this build comes.
        using CancellationTokenSource enough = new();
        string before = await ExpectedAsync(4000);
        Task<int> calls = Task.Run(async () =>
        {
            int answered = 0;
            for (; !enough.IsCancellationRequested; answered++)
            {
                AttentionResult result = await sequence.AttendAsync(_problem.Q, new AttendOptions { Mask = _problem.Mask, Length = 4000, Timeout = _patience });
                Assert.Equal(before, BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray()));
            }

            return answered;
        });
        await TerminateAsync("earlier");
        Start("next", ThisSilo);
        await WaitUntilServedByAsync(2);
        await enough.CancelAsync();
        Assert.True(await calls > 0);

        await AppendAsync(sequence, 4000, 2000);
        Assert.Equal(await ExpectedAsync(6000), await AnswerAsync(sequence));
        await using DistAttentionClient later = await ConnectAsync("next");
        Assert.Equal(await ExpectedAsync(2500), await AnswerAsync(await later.OpenSequenceAsync("fork")));
    }

    private void Start(string name, string program)
    {
        int gateway = FreePort.Next();
        Process silo = Distattn.StartProgram(
            program,
            [.. _home.Environment, ("DISTATTN_Cluster__Refresh", "00:00:01")],
            "--mode", "File", "--folder", Path.Combine(_home.Temporary, "members"), "--storage", Path.Combine(_home.Temporary, "sequences"), "--name", name,
            "--silo-port", $"{FreePort.Next()}", "--gateway-port", $"{gateway}", "--compute-threads", "1", "--memory-budget", $"{1L << 30}");
        silo.OutputDataReceived += static (_, _) => { };
        silo.BeginOutputReadLine();
        _silos[name] = (silo, gateway);
    }

    private async Task TerminateAsync(string name)
    {
        (Process process, _) = _silos[name];
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await process.WaitForExitAsync().WaitAsync(_patience);
        Assert.Equal(0, process.ExitCode);
        process.Dispose();
        _silos.Remove(name);
    }

    private async Task WaitUntilServedByAsync(int silos)
    {
        string[] gateways = [.. _silos.Values.Select(static s => $"127.0.0.1:{s.Gateway}")];
        await using DistAttentionClient client = await ConnectAsync([.. _silos.Keys]);
        long began = Stopwatch.GetTimestamp();
        while ((await client.GetClusterReportAsync()).Count < silos)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < _patience, $"the silos at {string.Join(", ", gateways)} do not find each other");
            await Task.Delay(100); // nobody tells a client
        }
    }

    private Task<DistAttentionClient> ConnectAsync(params string[] silos)
    {
        DistAttentionClientOptions options = new() { ConnectTimeout = _patience };
        foreach (string silo in silos)
        {
            options.Gateways.Add(new IPEndPoint(IPAddress.Loopback, _silos[silo].Gateway));
        }

        return DistAttentionClient.ConnectAsync(options);
    }

    private static async Task<string> ExpectedAsync(int length)
    {
        await using Engine.EmbeddedAttention embedded = new(new Engine.EmbeddedOptions { ComputeThreads = 1 });
        IAttentionSequence sequence = await embedded.CreateSequenceAsync("s", _spec);
        await AppendAsync(sequence, 0, length);
        return await AnswerAsync(sequence);
    }

    private static async Task AppendAsync(IAttentionSequence sequence, int first, int count)
    {
        int row = _problem.NumHeadsKv * _problem.HeadDim;
        await sequence.AppendAsync(_problem.K.AsMemory(first * row, count * row), _problem.V.AsMemory(first * row, count * row));
    }

    private static async Task<string> AnswerAsync(IAttentionSequence sequence)
    {
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new AttendOptions { Mask = _problem.Mask, Timeout = _patience });
        return BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());
    }
}
