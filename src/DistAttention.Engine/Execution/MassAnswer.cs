using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Where the weight of a query tile goes among an owner's shards. Adding answers in any order gives the same bits.</summary>
/// <param name="Mass">Bins and heaviest positions of the tile's rows; empty if a shard is missing.</param>
/// <param name="PositionsCounted">Positions of the snapshot that the answer stands for.</param>
/// <param name="NotHere">Shards that the owner does not hold; then nothing was computed.</param>
public sealed record MassAnswer(MassBuffer Mass, long PositionsCounted, IReadOnlyList<ShardId> NotHere) : IOwnerAnswer
{
    bool IOwnerAnswer.Answers(OwnerWork work) => NotHere.Count == 0 && PositionsCounted == work.Positions;

    void IDisposable.Dispose()
    {
    }
}
