using System.Globalization;

namespace DistAttention;

/// <summary>
/// Blocks of positions with a window, global first blocks and random blocks: BigBird (Zaheer et al. 2020), internal construction. A query
/// block sees itself and ⌊Window / 2⌋ blocks on each side, the Global first blocks, which also see everything, and Random
/// blocks as <see cref="RandomBlocksMask"/> draws them.
/// </summary>
public sealed record BigBirdMask : ComposedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="window">See <see cref="Window"/>.</param>
    /// <param name="global">See <see cref="GlobalBlocks"/>.</param>
    /// <param name="random">See <see cref="RandomBlocks"/>.</param>
    /// <param name="seed">See <see cref="Seed"/>.</param>
    /// <param name="block">See <see cref="Block"/>.</param>
    /// <param name="length">See <see cref="Length"/>.</param>
    public BigBirdMask(int window, int global, int random, ulong seed, long block, long? length)
    {
        Ensure.That(window > 0 && int.IsOddInteger(window), nameof(Window), $"{window} is not an odd number");
        Window = window;
        GlobalBlocks = (int)MaskRules.InRange(global, nameof(GlobalBlocks), 0, int.MaxValue);
        RandomBlocks = (int)MaskRules.InRange(random, nameof(RandomBlocks), 0, RandomBlocksMask.MaxCount);
        Seed = seed;
        Block = MaskRules.InRange(block, nameof(Block), 1, int.MaxValue / 2);
        Length = length;
        AttentionMask mask = Chunked(block, window / 2, window / 2);
        mask = global == 0 ? mask : mask | Global(PositionSet.FromRange(0, global * block), symmetric: true);
        Expansion = random == 0 ? mask : mask | new RandomBlocksMask(block, random, seed, length, window / 2, global);
    }

    /// <summary>Blocks of the window, odd: the query's own and as many on each side.</summary>
    public int Window { get; }

    /// <summary>First blocks that are seen by all and see all.</summary>
    public int GlobalBlocks { get; }

    /// <summary>Random blocks per query block.</summary>
    public int RandomBlocks { get; }

    /// <summary>Decides the random blocks.</summary>
    public ulong Seed { get; }

    /// <summary>Positions per block.</summary>
    public long Block { get; }

    /// <summary>Positions among whose blocks is drawn; null: those before the query block.</summary>
    public long? Length { get; }

    /// <inheritdoc/>
    public override AttentionMask Expansion { get; }

    /// <inheritdoc/>
    public override string ToString()
    {
        string length = Length is null ? "" : $",length={Length}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"bigbird:window={Window},global={GlobalBlocks},random={RandomBlocks},seed={Seed},block={Block}{length}");
    }

    private protected override void Describe(MaskDigest digest) =>
        digest.Kind("bigbird").Add(Window).Add(GlobalBlocks).Add(RandomBlocks).Add((long)Seed).Add(Block).Add(Length);
}
