namespace DistAttention;

/// <summary>
/// Constants of the stored format. They decide the order of every sum, so changing one changes the bits of every
/// answer: each change raises <see cref="ArithmeticVersion"/>.
/// </summary>
public static class SequenceFormat
{
    /// <summary>Positions in a block: one key tile, the unit of mask coverage.</summary>
    public const int BlockLength = 256;

    /// <summary>Positions in a run: what one left fold covers, the leaf of the merge tree.</summary>
    public const int RunLength = 1024;

    /// <summary>Blocks in a run.</summary>
    public const int BlocksPerRun = RunLength / BlockLength;

    /// <summary>The largest head size a kernel accepts, for keys and for values.</summary>
    public const int MaxHeadDim = 576;

    /// <summary>The arithmetic this build computes. Sequences made with another one are refused, never silently recomputed.</summary>
    public const int ArithmeticVersion = 1;
}
