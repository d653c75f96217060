using DistAttention.Client;
using DistAttention.Contracts.Access;
using DistAttention.Engine;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Security;

/// <summary>What tenants see of a cluster: their own sequences, as if there were no others.</summary>
[Collection(SecureCollection.Name)]
public sealed class TenantTests(SecureCluster cluster)
{
    private static readonly AttentionProblem _problem = new() { Seed = 7, NumHeadsKv = 2, GroupSize = 2, HeadDim = 32, HeadDimV = 32, Length = 9000, Rows = 30, Mask = AttentionMask.Causal };
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 32, ShardLength = 1024, ExpectedLength = 9000 };

    [Fact]
    public async Task TwoSilosUnderTlsGiveTheBitsOfOneProcess()
    {
        await using EmbeddedAttention embedded = new(new EmbeddedOptions { ComputeThreads = 1 });
        await using DistAttentionClient client = await cluster.ConnectAsync(cluster.A);
        Assert.Equal(await RunAsync(embedded, "bits"), await RunAsync(client, "bits"));
        await using DistAttentionClient admin = await cluster.ConnectAsync(cluster.Admin);
        Assert.All(await admin.GetClusterReportAsync(), static silo => Assert.True(silo.BytesMoved > 0, $"{silo.Name} took no part"));
    }

    [Fact]
    public async Task TheSameNameIsAnotherSequenceForEachTenant()
    {
        await using DistAttentionClient a = await cluster.ConnectAsync(cluster.A);
        await using DistAttentionClient b = await cluster.ConnectAsync(cluster.B);
        await using Held mine = await Held.CreateAsync(a, "shared/name");
        Assert.Equal(new SequenceId("shared/name"), mine.Sequence.Id);

        // b finds nothing of that name, in the words in which it would find nothing of any name.
        SequenceNotFoundException taken = await Assert.ThrowsAsync<SequenceNotFoundException>(() => b.OpenSequenceAsync("shared/name"));
        SequenceNotFoundException free = await Assert.ThrowsAsync<SequenceNotFoundException>(() => b.OpenSequenceAsync("never/there"));
        Assert.Equal(free.Message.Replace("never/there", "shared/name", StringComparison.Ordinal), taken.Message);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => b.DeleteSequenceAsync("shared/name"));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => b.OpenSequenceAsync("a:shared/name"));

        await using Held others = await Held.CreateAsync(b, "shared/name");
        IAttentionSequence fork = await others.Sequence.ForkAsync("shared/fork");
        Assert.Equal(new SequenceId("shared/fork"), fork.Id);
        SequenceExistsException exists = await Assert.ThrowsAsync<SequenceExistsException>(() => others.Sequence.ForkAsync("shared/name"));
        Assert.Equal(new SequenceId("shared/name"), exists.Id);
        Assert.Equal(["shared/fork", "shared/name"], await NamesAsync(b, "shared/"));
        Assert.Equal(["shared/name"], await NamesAsync(a, "shared/"));
        await b.DeleteSequenceAsync("shared/fork");
        await using DistAttentionClient admin = await cluster.ConnectAsync(cluster.Admin);
        Assert.Empty(await NamesAsync(admin, null));
    }

    [Fact]
    public async Task WhatSilosHoldIsForAdministrators()
    {
        await using DistAttentionClient a = await cluster.ConnectAsync(cluster.A);
        await using Held held = await Held.CreateAsync(a, "held");
        Assert.All(await a.GetClusterReportAsync(), static silo => Assert.Equal((0, 0, 0L), (silo.Sequences, silo.Shards, silo.Positions)));
        await using DistAttentionClient admin = await cluster.ConnectAsync(cluster.Admin);
        Assert.Contains(await admin.GetClusterReportAsync(), static silo => silo.Sequences > 0);
    }

    [Fact]
    public async Task AReaderReadsAndWritesNothing()
    {
        await using DistAttentionClient writer = await cluster.ConnectAsync(cluster.A);
        await using Held written = await Held.CreateAsync(writer, "read");
        await using DistAttentionClient reader = await cluster.ConnectAsync(cluster.Reader);
        IAttentionSequence sequence = await reader.OpenSequenceAsync("read");
        Assert.Equal(await AnswerAsync(written.Sequence), await AnswerAsync(sequence));
        AccessDeniedException error = await Assert.ThrowsAsync<AccessDeniedException>(() => sequence.TruncateAsync(0));
        Assert.Contains("needs the right Write", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<AccessDeniedException>(() => reader.CreateSequenceAsync("other", _spec));
        await Assert.ThrowsAsync<AccessDeniedException>(() => AppendAsync(sequence, 0, 1));
        await Assert.ThrowsAsync<AccessDeniedException>(() => AppendAsync(sequence, 0, 9000));
        await Assert.ThrowsAsync<AccessDeniedException>(() => reader.DeleteSequenceAsync("read"));
    }

    [Fact]
    public async Task ATokenIsNeededAndHasToBeRight()
    {
        AccessDeniedException missing = await Assert.ThrowsAsync<AccessDeniedException>(() => cluster.ConnectAsync(null));
        AccessDeniedException unknown = await Assert.ThrowsAsync<AccessDeniedException>(() => cluster.ConnectAsync(SecureCluster.NewToken("a")));
        Assert.Contains("no token", missing.Message, StringComparison.Ordinal);
        Assert.Contains("not known", unknown.Message, StringComparison.Ordinal);

        // The name in a token is a part of what is hashed: another's does not fit.
        Assert.True(ApiToken.TryParse(cluster.A.Text!.Replace("_a_", "_b_", StringComparison.Ordinal), out ApiToken renamed));
        await Assert.ThrowsAsync<AccessDeniedException>(() => cluster.ConnectAsync(renamed));
    }

    [Fact]
    public async Task ALongNameLeavesRoomForTheTenant()
    {
        await using DistAttentionClient a = await cluster.ConnectAsync(cluster.A);
        InvalidSpecException error = await Assert.ThrowsAsync<InvalidSpecException>(() => a.OpenSequenceAsync(new string('x', 255)));
        Assert.Contains("tenant a may use 254", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => a.OpenSequenceAsync(new string('x', 254)));
    }

    private static async Task<string> RunAsync(IAttentionClient client, SequenceId name)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(name, _spec);
        await AppendAsync(sequence, 0, 8000); // over several messages, straight to the shards
        await AppendAsync(sequence, 8000, 1000);
        string whole = await AnswerAsync(sequence);
        await sequence.TruncateAsync(5000);
        string cut = await AnswerAsync(sequence);
        await client.DeleteSequenceAsync(name);
        return whole + cut;
    }

    private static async Task AppendAsync(IAttentionSequence sequence, int first, int count)
    {
        int row = _problem.NumHeadsKv * _problem.HeadDim;
        await sequence.AppendAsync(_problem.K.AsMemory(first * row, count * row), _problem.V.AsMemory(first * row, count * row));
    }

    private static async Task<string> AnswerAsync(IAttentionSequence sequence)
    {
        AttentionResult result = await sequence.AttendAsync(_problem.Q, new AttendOptions { Mask = _problem.Mask });
        return BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());
    }

    private static async Task<string[]> NamesAsync(IAttentionClient client, string? prefix)
    {
        List<string> names = [];
        await foreach (SequenceInfo info in client.ListSequencesAsync(prefix))
        {
            names.Add(info.Id.Value);
        }

        return [.. names];
    }

    /// <summary>A sequence of 50 rows that is deleted at the end.</summary>
    private sealed class Held(IAttentionClient client, IAttentionSequence sequence) : IAsyncDisposable
    {
        public IAttentionSequence Sequence => sequence;

        public static async Task<Held> CreateAsync(IAttentionClient client, SequenceId name)
        {
            IAttentionSequence made = await client.CreateSequenceAsync(name, _spec);
            await AppendAsync(made, 0, 50);
            return new Held(client, made);
        }

        public async ValueTask DisposeAsync() => await client.DeleteSequenceAsync(sequence.Id);
    }
}
