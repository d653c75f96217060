namespace DistAttention;

/// <summary>The shape and storage of a sequence: the K/V of one attention layer of one document. Fixed at creation.</summary>
public sealed record SequenceSpec
{
    /// <summary>The most components of K and V together that one position may have, so that a block stays below 1 GiB.</summary>
    public const int MaxComponentsPerPosition = 1 << 20;

    /// <summary>Query heads. A multiple of <see cref="NumHeadsKv"/>.</summary>
    public int NumHeadsQ { get; init; } = 1;

    /// <summary>Key/value heads. Equal to <see cref="NumHeadsQ"/> for multi-head attention, 1 for multi-query, between for grouped-query.</summary>
    public int NumHeadsKv { get; init; } = 1;

    /// <summary>Components of one head of q and k, 1 to <see cref="SequenceFormat.MaxHeadDim"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Components of one head of v and o, 1 to <see cref="SequenceFormat.MaxHeadDim"/>; 0 (the default) means <see cref="HeadDim"/>.</summary>
    public int HeadDimV { get => field == 0 ? HeadDim : field; init; }

    /// <summary>
    /// Latent layouts (multi-head latent attention, DeepSeek-V2, 2024): the value of a position is the first
    /// <see cref="HeadDimV"/> components of its key as stored, kept once, and appends take no v. With int8 storage, the key's scale
    /// is the value's too. Default false.
    /// </summary>
    public bool ValueFromKeyPrefix { get; init; }

    /// <summary>
    /// What keys are multiplied by when they are appended, before they are turned and stored: [NumHeadsKv, HeadDim,
    /// StoredHeadDim], or [1, …] for all heads. W_k of <see cref="AdditiveScore"/>, transposed. Null (the default): nothing.
    /// </summary>
    public FloatTable? KeyProjection { get; init; }

    /// <summary>
    /// Rotary position embedding, applied to k when it is appended, at its position in the sequence, and to q when it attends, at
    /// its query position; after projections. Null (the default): none.
    /// </summary>
    public RotaryEmbedding? Rope { get; init; }

    /// <summary>How K and V are stored. Default float32.</summary>
    public KvDataType KvType { get; init; } = KvDataType.Float32;

    /// <summary>
    /// Positions per shard, the unit that is placed, logged and reloaded: a power-of-two multiple of
    /// <see cref="SequenceFormat.RunLength"/>. Changes where rows live, never a bit of an answer. Default 16,384.
    /// </summary>
    public int ShardLength { get; init; } = 16_384;

    /// <summary>The mask most queries will use; decides how shards are spread over owners, never what is answered. Default causal.</summary>
    public AttentionMask ExpectedMask { get; init; } = AttentionMask.Causal;

    /// <summary>About how many positions the sequence will hold, if known: lets owners be chosen well from the first append.</summary>
    public long? ExpectedLength { get; init; }

    /// <summary>
    /// How long the sequence lives after its last use, 1 ms to 36,500 days; null (the default): until it is deleted. Creating, appending,
    /// cutting, forking and attending use it; opening, listing, explaining and looking at its info do not. Uses are noted to a sixteenth of this
    /// time, so that it lives at least this long after the last one and at most a sixteenth longer. Then there is no sequence of that name any
    /// more; calls that run finish, and forks, each of which lives as long after its own last use, keep what they share.
    /// </summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The arithmetic the sequence was made with; see <see cref="SequenceFormat.ArithmeticVersion"/>.</summary>
    public int ArithmeticVersion { get; init; } = SequenceFormat.ArithmeticVersion;

    /// <summary>Components of one head of k as stored: <see cref="HeadDim"/>, or what <see cref="KeyProjection"/> makes of it.</summary>
    public int StoredHeadDim => KeyProjection is { Shape: [_, _, int columns] } ? columns : HeadDim;

    /// <summary>Components of one head of v that an append takes: <see cref="HeadDimV"/>, or 0 where values are a part of keys.</summary>
    public int AppendedHeadDimV => ValueFromKeyPrefix ? 0 : HeadDimV;

    /// <summary>Whether keys are stored as they are appended, neither projected nor turned.</summary>
    public bool StoresKeysAsGiven => KeyProjection is null && Rope is null;

    /// <summary>Query heads that read one key/value head: query head h reads h / GroupSize.</summary>
    public int GroupSize => NumHeadsQ / NumHeadsKv;

    /// <summary>Checks every property.</summary>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public void Validate()
    {
        Ensure.That(NumHeadsQ is >= 1 and <= 4096, nameof(NumHeadsQ), $"{NumHeadsQ} is not between 1 and 4096");
        Ensure.That(NumHeadsKv >= 1, nameof(NumHeadsKv), $"{NumHeadsKv} is not at least 1");
        Ensure.That(NumHeadsQ % NumHeadsKv == 0, nameof(NumHeadsKv), $"{NumHeadsQ} query heads cannot be shared evenly by {NumHeadsKv} key/value heads");
        RequireHeadDim(HeadDim, nameof(HeadDim));
        RequireHeadDim(HeadDimV, nameof(HeadDimV));
        ValidateKeys();
        Ensure.That(
            (long)NumHeadsKv * (Math.Max(HeadDim, StoredHeadDim) + HeadDimV) <= MaxComponentsPerPosition,
            nameof(NumHeadsKv),
            $"{NumHeadsKv} heads of {Math.Max(HeadDim, StoredHeadDim)} + {HeadDimV} components are more than {MaxComponentsPerPosition} per position");
        Ensure.That(Enum.IsDefined(KvType), nameof(KvType), $"{(int)KvType} is not a storage type");
        Ensure.That(
            ShardLength >= SequenceFormat.RunLength && int.IsPow2(ShardLength) && ShardLength <= 1 << 24,
            nameof(ShardLength),
            $"{ShardLength} is not a power of two between {SequenceFormat.RunLength} and {1 << 24}");
        Ensure.That(ExpectedMask is not null, nameof(ExpectedMask), "a mask is needed");
        Ensure.That(ExpectedLength is null or >= 0, nameof(ExpectedLength), $"{ExpectedLength} is negative");
        Ensure.That(
            TimeToLive is not { } time || (time >= TimeSpan.FromMilliseconds(1) && time <= TimeSpan.FromDays(36_500)),
            nameof(TimeToLive),
            $"{TimeToLive} is not between 1 ms and 36,500 days");
        if (ArithmeticVersion != SequenceFormat.ArithmeticVersion)
        {
            throw new ArithmeticVersionException(ArithmeticVersion, SequenceFormat.ArithmeticVersion);
        }
    }

    /// <summary>Whether both say the same; a <see cref="HeadDimV"/> left at its default is the one it means.</summary>
    /// <param name="other">The other spec.</param>
    public bool Equals(SequenceSpec? other) => other is not null && Facts == other.Facts;

    /// <inheritdoc/>
    public override int GetHashCode() => Facts.GetHashCode();

    private (int, int, int, int, KvDataType, int, AttentionMask, long?, int, bool, FloatTable?, RotaryEmbedding?, TimeSpan?) Facts =>
        (NumHeadsQ, NumHeadsKv, HeadDim, HeadDimV, KvType, ShardLength, ExpectedMask, ExpectedLength, ArithmeticVersion, ValueFromKeyPrefix, KeyProjection, Rope, TimeToLive);

    private void ValidateKeys()
    {
        if (KeyProjection is { } projection)
        {
            Ensure.That(projection.Shape.Length == 3, nameof(KeyProjection), $"its shape {projection} is not [heads, headDim, components]");
            Ensure.That(projection.Shape[0] == 1 || projection.Shape[0] == NumHeadsKv, nameof(KeyProjection), $"its shape {projection} is for {projection.Shape[0]} key/value heads; the sequence has {NumHeadsKv}");
            Ensure.That(projection.Shape[1] == HeadDim, nameof(KeyProjection), $"its shape {projection} does not take keys of {HeadDim} components");
            RequireHeadDim(projection.Shape[2], nameof(KeyProjection));
        }

        Ensure.That(!ValueFromKeyPrefix || HeadDimV <= StoredHeadDim, nameof(HeadDimV), $"{HeadDimV} components of a value are more than the key's {StoredHeadDim}");
        if (Rope is { } rope)
        {
            Ensure.That(rope.FirstDim + rope.Dims <= StoredHeadDim, nameof(Rope), $"components {rope.FirstDim} to {rope.FirstDim + rope.Dims - 1} are turned, but a key has {StoredHeadDim}");
            Ensure.That(!ValueFromKeyPrefix || rope.FirstDim >= HeadDimV, nameof(Rope), $"component {rope.FirstDim} is turned, which is part of the value: set its first component to {HeadDimV} or more");
        }
    }

    private static void RequireHeadDim(int value, string name) =>
        Ensure.That(value is >= 1 and <= SequenceFormat.MaxHeadDim, name, $"{value} is not between 1 and {SequenceFormat.MaxHeadDim}");
}
