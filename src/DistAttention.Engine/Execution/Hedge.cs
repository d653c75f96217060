using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>A second owner who can answer a part as well, and how long the first is waited for before it is asked too.</summary>
/// <param name="Owner">The second owner.</param>
/// <param name="After">How long the first is waited for.</param>
public readonly record struct Hedge(OwnerId Owner, TimeSpan After);
