using DistAttention.Engine.Shards;
using DistAttention.Testing;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>A problem's rows, to be written.</summary>
internal static class SomeRows
{
    /// <summary>The sequence that they make.</summary>
    public static SequenceSpec Spec(AttentionProblem problem) => problem.SequenceSpec with { ShardLength = SequenceFormat.RunLength };

    /// <summary>Keys [count, heads, headDim].</summary>
    public static ReadOnlyMemory<float> K(AttentionProblem problem, int first, int count) =>
        problem.K.AsMemory(first * problem.NumHeadsKv * problem.HeadDim, count * problem.NumHeadsKv * problem.HeadDim);

    /// <summary>Values [count, heads, headDimV].</summary>
    public static ReadOnlyMemory<float> V(AttentionProblem problem, int first, int count) =>
        problem.V.AsMemory(first * problem.NumHeadsKv * problem.HeadDimV, count * problem.NumHeadsKv * problem.HeadDimV);

    /// <summary>The write of some of them.</summary>
    public static ShardWrite Write(AttentionProblem problem, ShardId shard, long fence, int operation, int firstIdx, int firstRow, int count) =>
        new(shard, Spec(problem), fence, new OperationId(SeededGuids.Make(operation)), firstIdx, count, K(problem, firstRow, count), V(problem, firstRow, count));
}
