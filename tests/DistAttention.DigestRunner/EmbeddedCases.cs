using System.Runtime.InteropServices;
using DistAttention.Engine;
using DistAttention.Testing;

namespace DistAttention.DigestRunner;

/// <summary>Fixed problems through the embedded client: appended in chunks, attended to, and where the mass goes.</summary>
internal static class EmbeddedCases
{
    public static async IAsyncEnumerable<(string Name, string Digest)> RunAsync(bool all)
    {
        await using EmbeddedAttention client = new(new EmbeddedOptions { ComputeThreads = 2 });
        foreach ((string name, AttentionProblem problem) in Problems(all))
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync(name, SpecOf(problem));
            await AppendAsync(sequence, problem, chunk: 777);
            AttendOptions options = new() { Mask = problem.Mask, Score = problem.Score };
            AttentionResult result = await sequence.AttendAsync(problem.Q, options);
            yield return ($"{name}/attend", BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray()));

            AttentionMass mass = await sequence.AttentionMassAsync(problem.Q, new() { Mask = problem.Mask, Score = problem.Score, TopK = 5, Bins = 7 });
            float[] positions = MemoryMarshal.Cast<long, float>(mass.TopPositions.ToArray()).ToArray();
            yield return ($"{name}/mass", BitDigest.Of(mass.BinMass.ToArray(), mass.TopWeights.ToArray(), positions));
        }
    }

    private static IEnumerable<(string Name, AttentionProblem Problem)> Problems(bool all)
    {
        yield return ("decode-small", new() { Seed = 201, Length = 1100, Rows = 1, GroupSize = 2, HeadDim = 3, HeadDimV = 2 });
        yield return ("causal-small", new() { Seed = 202, Length = 300, Rows = 20, HeadDim = 4, HeadDimV = 5, KvType = KvDataType.Int8, Mask = AttentionMask.Causal });
        AttentionProblem modified = new() { Seed = 207, Length = 2200, Rows = 5, GroupSize = 2, HeadDim = 10, HeadDimV = 4, Mask = AttentionMask.Causal };
        foreach (string name in (string[])["cap-alibi-bias-sinks", "rope-ntk-capped", "additive-alibi-sinks"])
        {
            yield return (name, ScoreCases.All(modified).Single(c => c.Name == name).Problem);
        }

        if (all)
        {
            yield return ("decode", new() { Seed = 203, Length = 20_000, Rows = 1, NumHeadsKv = 2, GroupSize = 4, HeadDim = 64, HeadDimV = 64 });
            yield return ("prefill", new() { Seed = 204, Length = 3000, Rows = 700, GroupSize = 2, HeadDim = 64, HeadDimV = 48, Mask = AttentionMask.Causal });
            yield return ("halves", new() { Seed = 205, Length = 2600, Rows = 50, NumHeadsKv = 3, HeadDim = 40, HeadDimV = 80, KvType = KvDataType.Float16 });
            yield return ("brain-floats", new() { Seed = 206, Length = 2600, Rows = 50, HeadDim = 128, HeadDimV = 128, KvType = KvDataType.BFloat16, Mask = AttentionMask.Causal });
        }
    }

    private static SequenceSpec SpecOf(AttentionProblem problem) => problem.SequenceSpec with { ShardLength = 2048 };

    private static async Task AppendAsync(IAttentionSequence sequence, AttentionProblem problem, int chunk)
    {
        int kRow = problem.NumHeadsKv * problem.HeadDim;
        int vRow = problem.NumHeadsKv * problem.HeadDimV;
        for (int at = 0; at < problem.Length; at += chunk)
        {
            int count = Math.Min(chunk, problem.Length - at);
            await sequence.AppendAsync(problem.K.AsMemory(at * kRow, count * kRow), problem.V.AsMemory(at * vRow, count * vRow));
        }
    }
}
