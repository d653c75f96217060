namespace DistAttention.Contracts;

/// <summary>Sizes and times that both sides of a call hold to.</summary>
public static class CallLimits
{
    /// <summary>Above the longest deadline a call may have (a day), so that deadlines end calls, never the transport.</summary>
    public const string ResponseTimeout = "1.00:30:00";

    /// <summary>Above the time for which an append waits for those ahead of it.</summary>
    public const string CommitTimeout = "00:02:30";

    /// <summary>What a message is cut to, in bytes. One row that is larger travels alone.</summary>
    public const int MessageBytes = 4 << 20;

    /// <summary>The largest message body that either side accepts, in bytes.</summary>
    public const int MaxMessageBytes = 16 << 20;

    /// <summary>Up to about so many rows take as long as one: the time of reading K and V.</summary>
    public const int RowsForFree = 16;

    /// <summary>About the size of a tile of q, in bytes.</summary>
    private const int TileBytes = 1 << 20;

    /// <summary>What a message carries besides its tensors, at most, in bytes.</summary>
    private const int EnvelopeBytes = 64 << 10;

    /// <summary>Query rows per tile, at least 1: about 1 MiB of q, and no more than a message of o.</summary>
    /// <param name="spec">The sequence's shape.</param>
    public static int TileRows(SequenceSpec spec) =>
        RowsThatFit(TileBytes, (long)spec.NumHeadsQ * Math.Max(spec.HeadDim, spec.StoredHeadDim) * sizeof(float), RowsThatFit(MessageBytes, (long)spec.NumHeadsQ * (spec.HeadDimV + 1) * sizeof(float)));

    /// <summary>Rows that fit a size, at least 1.</summary>
    /// <param name="bytes">The size.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="most">How many at most.</param>
    public static int RowsThatFit(long bytes, long rowBytes, int most = int.MaxValue) =>
        (int)Math.Clamp(bytes / Math.Max(1, rowBytes), 1, most);

    /// <summary>Rows per slice, where a slice may have at most <paramref name="most"/>: as few slices as possible, as even as possible.</summary>
    /// <param name="rows">Rows in all.</param>
    /// <param name="most">Rows that fit a slice, at least 1.</param>
    public static int EvenSlices(int rows, int most)
    {
        int slices = Math.Max(1, (rows + most - 1) / most);
        return Math.Max(1, (rows + slices - 1) / slices);
    }

    /// <summary>Whether tensors fit a message.</summary>
    /// <param name="bytes">Bytes of its tensors and masks together.</param>
    public static bool Fits(long bytes) => bytes + EnvelopeBytes <= MaxMessageBytes;

    /// <summary>Refuses tensors that no message could carry, before they are sent.</summary>
    /// <param name="what">What would be sent.</param>
    /// <param name="bytes">Bytes of its tensors and masks together.</param>
    /// <exception cref="MessageTooLargeException">They do not fit.</exception>
    public static void RequireFits(string what, long bytes)
    {
        if (!Fits(bytes))
        {
            throw new MessageTooLargeException(what, bytes, MaxMessageBytes - EnvelopeBytes);
        }
    }
}
