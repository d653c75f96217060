using DistAttention.Engine;
using DistAttention.Kernels;

namespace DistAttention.Storage.Tests.Clients;

/// <summary>Sequences that do not fit memory: answered all the same, exactly, and never by using more than the budget.</summary>
public sealed class LargerThanMemoryTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 306, NumHeadsKv = 2, GroupSize = 2, HeadDim = 16, HeadDimV = 16, Length = 20_000, Rows = 30, Mask = AttentionMask.Causal };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    public async Task TheAnswerIsTheSame(int shardsInMemory)
    {
        long budget = shardsInMemory * 4 * KvLayout.Of(_problem.Spec()).BlockBytes; // of the 20 that there are
        using FileStorage storage = new(_folder.Path);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2, MemoryBudgetBytes = budget }));
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        await sequence.AppendRowsAsync(_problem, 0, _problem.Length, 6000, 300);
        string expected = _problem.KernelDigest();
        Assert.Equal(expected, (await sequence.AttendAsync(_problem.Q, _problem.Options())).Digest());
        Assert.InRange(client.ResidentBytes, 1, budget);

        // Several at once take turns.
        AttentionResult[] results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => sequence.AttendAsync(_problem.Q, _problem.Options())));
        Assert.All(results, r => Assert.Equal(expected, r.Digest()));
        await using EmbeddedAttention roomy = new(new EmbeddedOptions { ComputeThreads = 2 });
        IAttentionSequence resident = await roomy.CreateSequenceAsync("s", _problem.Spec());
        await resident.AppendRowsAsync(_problem, 0, _problem.Length);
        AttentionMassOptions mass = new() { Mask = _problem.Mask, TopK = 5, Bins = 7 };
        Assert.Equal((await resident.AttentionMassAsync(_problem.Q, mass)).Digest(), (await sequence.AttentionMassAsync(_problem.Q, mass)).Digest());
    }

    [Fact]
    public async Task WhatNotEvenOneShardFitsIsRefused()
    {
        using FileStorage storage = new(_folder.Path);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1, MemoryBudgetBytes = KvLayout.Of(_problem.Spec()).BlockBytes }));
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        await Assert.ThrowsAsync<CapacityExceededException>(() => sequence.AppendRowsAsync(_problem, 0, 600));
    }
}
