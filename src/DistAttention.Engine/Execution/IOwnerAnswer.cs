using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>What an owner answers to either pass of a tile.</summary>
internal interface IOwnerAnswer : IDisposable
{
    /// <summary>Shards that the owner does not hold; then nothing was computed.</summary>
    IReadOnlyList<ShardId> NotHere { get; }

    /// <summary>Positions of the snapshot that the answer stands for.</summary>
    long PositionsCounted { get; }

    /// <summary>Whether it is the whole answer to what was asked, and nothing else.</summary>
    bool Answers(OwnerWork work);
}
