using DistAttention.Storage.Files;

namespace DistAttention.Storage.Logs;

/// <summary>A record whose rows are to be read.</summary>
/// <param name="File">Where it is.</param>
/// <param name="Index">Its segment.</param>
/// <param name="Rows">Rows of the shard that the segment counts for.</param>
/// <param name="Record">The record.</param>
internal readonly record struct Part(IVolumeFile File, SegmentIndex Index, int Rows, RecordHeader Record)
{
    /// <summary>Place behind its last row that counts.</summary>
    public int End => Math.Min(Record.FirstIdx + Record.Count, Rows);

    /// <summary>The places that count.</summary>
    public PositionRange Range => new(Record.FirstIdx, End);
}
