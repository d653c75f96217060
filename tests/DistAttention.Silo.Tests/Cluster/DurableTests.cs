using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>Silos that keep sequences in a folder are killed: nothing acknowledged is lost, and nothing else is answered.</summary>
[Collection(ClusterCollection.Name)]
public sealed class DurableTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 61, NumHeadsKv = 2, GroupSize = 2, HeadDim = 16, HeadDimV = 16, Length = 6000, Rows = 40, Mask = AttentionMask.Causal };
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024, ExpectedLength = 6000 };

    private readonly ClusterHome _home = new();

    [Fact]
    public async Task AnySiloMayBeKilledAndThenAllOfThem()
    {
        (await _home.ClusterAsync("up", "--silos", "3")).Ok();
        await using (DistAttentionClient client = await ConnectAsync())
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync("s", _spec);
            await AppendAsync(sequence, 0, 4500);
            foreach (string silo in (string[])["silo-1", "silo-2"])
            {
                // The first may hold the ledger, any may hold shards: whichever it is, the answer is the same.
                (await _home.ClusterAsync("kill", silo)).Ok();
                Assert.Equal(await ExpectedAsync(4500), await AnswerAsync(sequence));
                (await _home.ClusterAsync("up", "--silos", "3")).Ok();
            }

            (await _home.ClusterAsync("kill", "silo-3")).Ok();
            foreach (int cut in (int[])[500, 1500, 2500, 3500])
            {
                // Whoever owned the shard that is cut: any silo can cut what is stored.
                Assert.Equal(await ExpectedAsync(cut), await AnswerAsync(await sequence.ForkAsync($"fork/{cut}", cut)));
                await client.DeleteSequenceAsync($"fork/{cut}");
            }

            await AppendAsync(sequence, 4500, 1500);
            Assert.Equal(await ExpectedAsync(6000), await AnswerAsync(sequence));
        }

        foreach (int process in _home.Silos())
        {
            using System.Diagnostics.Process silo = System.Diagnostics.Process.GetProcessById(process);
            silo.Kill();
        }

        await _home.WaitUntilNoneRunsAsync();
        (await _home.ClusterAsync("up", "--silos", "2")).Ok();
        await using (DistAttentionClient client = await ConnectAsync())
        {
            IAttentionSequence sequence = await client.OpenSequenceAsync("s");
            Assert.Equal(await ExpectedAsync(6000), await AnswerAsync(sequence));
            List<SequenceId> listed = [];
            await foreach (SequenceInfo info in client.ListSequencesAsync())
            {
                listed.Add(info.Id);
            }

            Assert.Equal(["s"], listed);
        }
    }

    public void Dispose() => _home.Dispose();

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
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new AttendOptions { Mask = _problem.Mask, Timeout = TimeSpan.FromSeconds(60) });
        return BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());
    }

    private Task<DistAttentionClient> ConnectAsync() =>
        DistAttentionClient.ConnectAsync(new DistAttentionClientOptions { ConfigureClustering = client => client.Services.AddFileGateways(_home.Folder) });
}
