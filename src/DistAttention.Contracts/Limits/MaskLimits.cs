namespace DistAttention.Contracts;

/// <summary>How many query rows travel together when their mask carries data.</summary>
public static class MaskLimits
{
    /// <summary>What the mask of one message is cut to, in bytes: the rest is for queries.</summary>
    private const int MaskBytes = 2 << 20;

    /// <summary>Rows per tile, such that the mask data of every tile fits a message; at least 1.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="queries">Positions of all rows.</param>
    /// <param name="kv">Positions that the messages are about.</param>
    /// <param name="most">How many at most.</param>
    public static int RowsThatFit(AttentionMask mask, PositionRange queries, ReadOnlySpan<PositionRange> kv, int most)
    {
        if (!mask.HasData)
        {
            return most;
        }

        int rows = (int)Math.Clamp(queries.Length, 1, most);
        while (rows > 1 && !AllFit(mask, queries, kv, rows))
        {
            rows = (rows + 1) / 2;
        }

        return rows;
    }

    private static bool AllFit(AttentionMask mask, PositionRange queries, ReadOnlySpan<PositionRange> kv, int rows)
    {
        for (long first = queries.Start; first < queries.End; first += rows)
        {
            if (mask.DataBytes(new PositionRange(first, Math.Min(queries.End, first + rows)), kv) > MaskBytes)
            {
                return false;
            }
        }

        return true;
    }
}
