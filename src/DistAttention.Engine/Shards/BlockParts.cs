namespace DistAttention.Engine.Shards;

/// <summary>Cuts a range of places at block boundaries.</summary>
internal static class BlockParts
{
    public static IEnumerable<PositionRange> Of(long first, long count)
    {
        long end = first + count;
        for (long start = first; start < end;)
        {
            long stop = Math.Min(end, ((start / SequenceFormat.BlockLength) + 1) * SequenceFormat.BlockLength);
            yield return new PositionRange(start, stop);
            start = stop;
        }
    }
}
