namespace DistAttention;

/// <summary>What one owner is asked for over all tiles of a call. Bytes sent are 0 for what is in the caller's process.</summary>
public sealed record OwnerCost
{
    /// <summary>The owner.</summary>
    public required string Owner { get; init; }

    /// <summary>Query tiles sent to it.</summary>
    public required long Tiles { get; init; }

    /// <summary>Bytes of queries sent to it.</summary>
    public required long QueryBytes { get; init; }

    /// <summary>Bytes of mask data sent to it.</summary>
    public required long MaskBytes { get; init; }

    /// <summary>Bytes of partials that come back.</summary>
    public required long AnswerBytes { get; init; }

    /// <summary>Bytes of stored K/V that it reads.</summary>
    public required long KvBytes { get; init; }

    /// <summary>Floating-point operations over its visible pairs.</summary>
    public required double Flops { get; init; }

    /// <summary>Time its kernels should take.</summary>
    public required TimeSpan ComputeTime { get; init; }

    /// <summary>Both, of one owner.</summary>
    /// <param name="left">Some tiles.</param>
    /// <param name="right">Other tiles.</param>
    public static OwnerCost operator +(OwnerCost left, OwnerCost right) => left with
    {
        Tiles = left.Tiles + right.Tiles,
        QueryBytes = left.QueryBytes + right.QueryBytes,
        MaskBytes = left.MaskBytes + right.MaskBytes,
        AnswerBytes = left.AnswerBytes + right.AnswerBytes,
        KvBytes = left.KvBytes + right.KvBytes,
        Flops = left.Flops + right.Flops,
        ComputeTime = left.ComputeTime + right.ComputeTime,
    };
}
