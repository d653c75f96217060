using DistAttention.Simulator.Nodes;

namespace DistAttention.Simulator.Histories;

/// <summary>A sequence as clients know it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Uid">Tells it apart from others of the name.</param>
internal sealed record SequenceRef(SequenceId Id, Guid Uid)
{
    /// <summary>The longest length that any client has seen.</summary>
    public long Known { get; set; }
}

/// <summary>An append that was acknowledged.</summary>
internal sealed record AppendCall(SequenceRef Sequence, OperationId Operation, int Count, long? Expected, long From, long Until, AppendResult Result);

/// <summary>A query that was answered.</summary>
/// <param name="Sequence">Of what.</param>
/// <param name="Length">Positions it was asked to see; null for all.</param>
/// <param name="Q">[Rows, 1, HeadDim].</param>
/// <param name="Rows">Query rows.</param>
/// <param name="Mask">What they see.</param>
/// <param name="From">When it was asked.</param>
/// <param name="Until">When it was answered.</param>
/// <param name="Answer">The answer.</param>
internal sealed record AttendCall(SequenceRef Sequence, long? Length, float[] Q, int Rows, AttentionMask Mask, long From, long Until, Answer Answer);

/// <summary>A truncation that was acknowledged.</summary>
internal sealed record TruncateCall(SequenceRef Sequence, long Length, long From, long Until, SequenceSnapshot Result);

/// <summary>A fork that was asked for; whether it was made the ledgers tell.</summary>
internal sealed record ForkCall(SequenceRef Source, SequenceRef Fork, long? Length, long From)
{
    public bool Acknowledged { get; set; }
}

/// <summary>A call was told that there is no such sequence.</summary>
internal sealed record MissingAnswer(SequenceRef Sequence, long From, long Until);
