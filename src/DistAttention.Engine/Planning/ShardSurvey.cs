using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>What a mask does to a query tile and the blocks of one shard: range arithmetic only.</summary>
/// <param name="Coverage">The shard as a whole: None if no block is visited, Full if all are and none needs mask bits.</param>
/// <param name="BlocksFull">Blocks computed without mask code.</param>
/// <param name="BlocksMasked">Blocks computed with mask bits.</param>
/// <param name="BlocksSkipped">Blocks skipped.</param>
internal readonly record struct ShardSurvey(Coverage Coverage, int BlocksFull, int BlocksMasked, int BlocksSkipped)
{
    public static ShardSurvey Of(CompiledMask mask, PositionRange queries, PositionRange positions)
    {
        int blocks = (int)((positions.Length + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength);
        switch (mask.Cover(queries, positions))
        {
            case Coverage.None:
                return new ShardSurvey(Coverage.None, 0, 0, blocks);
            case Coverage.Full:
                return new ShardSurvey(Coverage.Full, blocks, 0, 0);
        }

        int full = 0;
        int masked = 0;
        for (long start = positions.Start; start < positions.End; start += SequenceFormat.BlockLength)
        {
            PositionRange block = new(start, Math.Min(positions.End, start + SequenceFormat.BlockLength));
            Coverage coverage = mask.Cover(queries, block);
            full += coverage == Coverage.Full ? 1 : 0;
            masked += coverage == Coverage.Masked ? 1 : 0;
        }

        Coverage whole = full == blocks ? Coverage.Full : full + masked == 0 ? Coverage.None : Coverage.Masked;
        return new ShardSurvey(whole, full, masked, blocks - full - masked);
    }
}
