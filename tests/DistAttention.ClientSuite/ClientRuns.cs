using System.Runtime.InteropServices;

namespace DistAttention.ClientSuite;

/// <summary>Runs seeded problems through a client.</summary>
public static class ClientRuns
{
    public static SequenceSpec Spec(this AttentionProblem problem, int shardLength = 1024, long? expectedLength = null) => problem.SequenceSpec with
    {
        ShardLength = shardLength,
        ExpectedLength = expectedLength,
    };

    public static AttendOptions Options(this AttentionProblem problem) => new()
    {
        Mask = problem.Mask,
        Score = problem.Score,
        FirstQueryPosition = problem.FirstQueryPosition,
    };

    public static ReadOnlyMemory<float> KRows(this AttentionProblem problem, int first, int count) =>
        problem.K.AsMemory(first * problem.NumHeadsKv * problem.HeadDim, count * problem.NumHeadsKv * problem.HeadDim);

    public static ReadOnlyMemory<float> VRows(this AttentionProblem problem, int first, int count) =>
        problem.ValueFromKeyPrefix ? default : problem.V.AsMemory(first * problem.NumHeadsKv * problem.HeadDimV, count * problem.NumHeadsKv * problem.HeadDimV);

    public static ReadOnlyMemory<float> QRows(this AttentionProblem problem, int first, int count) =>
        problem.Q.AsMemory(first * problem.NumHeadsQ * problem.HeadDim, count * problem.NumHeadsQ * problem.HeadDim);

    /// <summary>A new sequence that holds the problem's K and V, appended in chunks of the sizes given, over and over.</summary>
    public static async Task<IAttentionSequence> FillAsync(this IAttentionClient client, AttentionProblem problem, int shardLength = 1024, params int[] chunks)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(NewName(), problem.Spec(shardLength));
        await sequence.AppendRowsAsync(problem, 0, problem.Length, chunks);
        return sequence;
    }

    /// <summary>A name that no other test uses, so that tests can share a cluster.</summary>
    public static string NewName() => Guid.NewGuid().ToString("N");

    public static async Task AppendRowsAsync(this IAttentionSequence sequence, AttentionProblem problem, int first, int count, params int[] chunks)
    {
        int end = first + count;
        for (int at = first, chunk = 0; at < end; chunk++)
        {
            int rows = chunks.Length == 0 ? end - at : Math.Min(end - at, chunks[chunk % chunks.Length]);
            await sequence.AppendAsync(problem.KRows(at, rows), problem.VRows(at, rows));
            at += rows;
        }
    }

    public static string Digest(this AttentionResult result) => BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());

    public static string Digest(this AttentionMass mass) =>
        BitDigest.Of(mass.TopWeights.ToArray(), mass.BinMass.ToArray(), MemoryMarshal.Cast<long, float>(mass.TopPositions.ToArray()).ToArray());

    /// <summary>The answer of the kernels alone, over one piece of memory: what every client must equal.</summary>
    public static string KernelDigest(this AttentionProblem problem)
    {
        using PackedSequence packed = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(packed);
        return BitDigest.Of(output, lse);
    }

    /// <summary>The same over the first positions of another problem, with its queries.</summary>
    public static string PrefixDigest(this AttentionProblem problem, AttentionProblem whole)
    {
        using PackedSequence packed = PackedSequence.Of(problem.Layout, whole.PreparedK(problem.Length), whole.VRows(0, problem.Length).Span);
        (float[] output, float[] lse) = problem.Compute(packed);
        return BitDigest.Of(output, lse);
    }
}
