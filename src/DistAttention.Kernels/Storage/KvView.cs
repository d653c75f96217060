namespace DistAttention.Kernels;

/// <summary>Packed K/V that a kernel reads: consecutive blocks whose memory the caller keeps alive.</summary>
public readonly ref struct KvView
{
    /// <summary>Describes packed K/V.</summary>
    /// <param name="layout">How each block is laid out.</param>
    /// <param name="blocks">Addresses: block i holds positions firstPosition + 256·i and up; 0 for a block that is not there, which counts as not visible.</param>
    /// <param name="firstPosition">Absolute position of the first row of the first block; a multiple of <see cref="SequenceFormat.RunLength"/>.</param>
    /// <param name="length">Absolute end of the snapshot: positions from here on count as not visible.</param>
    public KvView(KvLayout layout, ReadOnlySpan<nint> blocks, long firstPosition, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        if (firstPosition % SequenceFormat.RunLength != 0)
        {
            throw new ArgumentException($"{firstPosition} is not a multiple of {SequenceFormat.RunLength}.", nameof(firstPosition));
        }

        Layout = layout;
        Blocks = blocks;
        FirstPosition = firstPosition;
        Length = length;
    }

    /// <summary>How each block is laid out.</summary>
    public KvLayout Layout { get; }

    /// <summary>Addresses of the blocks.</summary>
    public ReadOnlySpan<nint> Blocks { get; }

    /// <summary>Absolute position of the first row of the first block.</summary>
    public long FirstPosition { get; }

    /// <summary>Absolute end of the snapshot.</summary>
    public long Length { get; }

    /// <summary>The positions that the blocks hold and the snapshot includes.</summary>
    public PositionRange Positions =>
        new(FirstPosition, Math.Min(Length, FirstPosition + ((long)Blocks.Length * SequenceFormat.BlockLength)));
}
