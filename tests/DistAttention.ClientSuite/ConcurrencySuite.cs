using System.Collections.Concurrent;

namespace DistAttention.ClientSuite;

/// <summary>Many callers at once.</summary>
public abstract class ConcurrencySuite
{
    /// <summary>The client; the same for all tests of a class.</summary>
    protected abstract IAttentionClient Client { get; }

    [Fact]
    public async Task TwoHundredCallersGetTheirOwnAnswers()
    {
        AttentionProblem problem = new() { Seed = 501, Length = 5000, Rows = 200, NumHeadsKv = 2, Mask = AttentionMask.Causal };
        AttentionResult whole;
        IAttentionSequence sequence = await Client.FillAsync(problem);
        whole = await sequence.AttendAsync(problem.Q, problem.Options());
        Assert.Equal(problem.KernelDigest(), whole.Digest());
        await Task.WhenAll(Enumerable.Range(0, 200).Select(row => Task.Run(async () =>
        {
            AttentionResult one = await sequence.AttendAsync(problem.QRows(row, 1), new() { Mask = problem.Mask, FirstQueryPosition = 4800 + row });
            Assert.True(one.Output.Span.SequenceEqual(whole.Output.Span.Slice(row * 32, 32)), $"Row {row} differs.");
            Assert.True(one.Lse.Span.SequenceEqual(whole.Lse.Span.Slice(row * 2, 2)), $"Row {row} differs.");
        })));
    }

    [Fact]
    public async Task EveryRowOfConcurrentAppendersIsInExactlyOnePlace()
    {
        AttentionProblem problem = new() { Seed = 502, Length = 4000, Rows = 10, HeadDim = 8, HeadDimV = 8 };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), problem.Spec());
        ConcurrentBag<(AppendResult Result, int First)> done = [];
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            SeededData random = new((ulong)worker + 1);
            while (true)
            {
                int count = 1 + random.NextInt(150);
                int first = Interlocked.Add(ref next, count) - count;
                if (first + count > problem.Length)
                {
                    return;
                }

                AppendResult result = await sequence.AppendAsync(problem.KRows(first, count), problem.VRows(first, count));

                // Linearizable: what this call appended is seen by the next one.
                Assert.True((await sequence.GetInfoAsync()).Length >= result.FirstPosition + count);
                done.Add((result, first));
            }
        })));
        List<float> k = [];
        List<float> v = [];
        foreach ((AppendResult result, int first) in done.OrderBy(static d => d.Result.FirstPosition))
        {
            Assert.Equal(k.Count / 8, result.FirstPosition);
            k.AddRange(problem.KRows(first, (int)result.Count).Span);
            v.AddRange(problem.VRows(first, (int)result.Count).Span);
        }

        using PackedSequence packed = PackedSequence.Of(problem.Layout, [.. k], [.. v]);
        (float[] output, float[] lse) = (problem with { Length = k.Count / 8 }).Compute(packed);
        Assert.Equal(BitDigest.Of(output, lse), (await sequence.AttendAsync(problem.Q)).Digest());
    }
}
