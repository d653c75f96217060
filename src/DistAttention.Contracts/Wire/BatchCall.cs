namespace DistAttention.Contracts;

/// <summary>Tiles of several sequences.</summary>
/// <param name="CallId">Names the call, for questions about it.</param>
/// <param name="Calls">The tiles.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.BatchCall")]
public sealed record BatchCall(
    [property: Id(0)] Guid CallId,
    [property: Id(1)] AttendCall[] Calls);

/// <summary>Their answers.</summary>
/// <param name="Replies">One per tile; null where there is an error.</param>
/// <param name="Errors">One per tile; null where there is an answer.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.BatchReply")]
public sealed record BatchReply(
    [property: Id(0)] AttendReply?[] Replies,
    [property: Id(1)] Exception?[] Errors);
