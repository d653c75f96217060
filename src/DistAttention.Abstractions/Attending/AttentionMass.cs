namespace DistAttention;

/// <summary>What to report of where attention goes.</summary>
public sealed record AttentionMassOptions : AttendOptions
{
    /// <summary>The largest <see cref="TopK"/>.</summary>
    public const int MaxTopK = 1024;

    /// <summary>The largest <see cref="Bins"/>.</summary>
    public const int MaxBins = 65_536;

    /// <summary>Report the TopK positions of most weight per row and head. 0: none. At most <see cref="MaxTopK"/>.</summary>
    public int TopK { get; init; }

    /// <summary>Report the mass in this many equal bins of positions. 0: none. At most <see cref="MaxBins"/>.</summary>
    public int Bins { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Ensure.That(TopK is >= 0 and <= MaxTopK, nameof(TopK), $"{TopK} is not between 0 and {MaxTopK}");
        Ensure.That(Bins is >= 0 and <= MaxBins, nameof(Bins), $"{Bins} is not between 0 and {MaxBins}");
        Ensure.That(TopK > 0 || Bins > 0, nameof(TopK), $"neither {nameof(TopK)} nor {nameof(Bins)} asks for anything");
    }
}

/// <summary>
/// Where the attention of each query row goes: p = exp(score − lse), from a second exact pass over the same snapshot.
/// </summary>
public sealed class AttentionMass
{
    /// <summary>Query rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Query heads.</summary>
    public required int NumHeadsQ { get; init; }

    /// <summary>Positions reported per row and head.</summary>
    public required int TopK { get; init; }

    /// <summary>Bins reported per row and head.</summary>
    public required int Bins { get; init; }

    /// <summary>[rows, NumHeadsQ, TopK]: positions of most weight, heaviest first, the lower position first among equals; −1 where fewer are visible.</summary>
    public required ReadOnlyMemory<long> TopPositions { get; init; }

    /// <summary>[rows, NumHeadsQ, TopK]: their weights; 0 where the position is −1.</summary>
    public required ReadOnlyMemory<float> TopWeights { get; init; }

    /// <summary>[rows, NumHeadsQ, Bins]: mass per bin. Sums to one per row and head that sees anything, else to zero.</summary>
    public required ReadOnlyMemory<float> BinMass { get; init; }

    /// <summary>What it was computed against.</summary>
    public required SequenceSnapshot Snapshot { get; init; }

    /// <summary>The positions of bin <paramref name="bin"/>: bins share the snapshot's length evenly, earlier ones rounded down.</summary>
    /// <param name="bin">0 to Bins − 1.</param>
    public PositionRange BinRange(int bin) => BinRange(bin, Bins, Snapshot.Length);

    /// <summary>The positions of one of <paramref name="bins"/> equal bins over <paramref name="length"/> positions.</summary>
    /// <param name="bin">0 to bins − 1.</param>
    /// <param name="bins">Bins in all.</param>
    /// <param name="length">Positions in all.</param>
    public static PositionRange BinRange(int bin, int bins, long length) =>
        new((long)((Int128)bin * length / bins), (long)((Int128)(bin + 1) * length / bins));
}
