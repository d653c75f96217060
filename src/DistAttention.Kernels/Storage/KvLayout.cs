namespace DistAttention.Kernels;

/// <summary>
/// Where the keys and values of one block of <see cref="SequenceFormat.BlockLength"/> positions lie in its memory, for all
/// K/V heads of a sequence. Every section starts on a multiple of 64 bytes.
/// </summary>
/// <remarks>
/// <code>
/// block: [ largest |k| per head, float ] [ head 0 ] [ head 1 ] …
/// head:  [ K: 16 panels of 16 keys, each [HeadDim][16] ] [ V: [256][HeadDimV padded to 16 with zeros] ]
///        int8 only: [ K scales: 256 floats ] [ V scales: 256 floats ]
///        values that are a part of keys: no V, no V scales
/// </code>
/// A block's memory starts as zeros. One writer at a time appends rows to it; readers of a shorter snapshot may run meanwhile.
/// </remarks>
/// <param name="NumHeadsKv">K/V heads.</param>
/// <param name="HeadDim">Components of a key.</param>
/// <param name="HeadDimV">Components of a value.</param>
/// <param name="KvType">How they are stored.</param>
public readonly record struct KvLayout(int NumHeadsKv, int HeadDim, int HeadDimV, KvDataType KvType)
{
    /// <summary>Keys in a panel: the widest vector of floats.</summary>
    internal const int PanelLength = 16;

    /// <summary>Panels of a block.</summary>
    internal const int Panels = SequenceFormat.BlockLength / PanelLength;

    private const int Alignment = 64;

    /// <summary>The layout of a sequence.</summary>
    /// <param name="spec">Its spec.</param>
    public static KvLayout Of(SequenceSpec spec) =>
        new(spec.NumHeadsKv, spec.StoredHeadDim, spec.HeadDimV, spec.KvType) { ValueFromKeyPrefix = spec.ValueFromKeyPrefix };

    /// <summary>Whether a value is the first <see cref="HeadDimV"/> components of its key, with the key's scale, and not stored itself.</summary>
    public bool ValueFromKeyPrefix { get; init; }

    /// <summary>Components of a value that come beside a key when rows are packed.</summary>
    public int PackedHeadDimV => ValueFromKeyPrefix ? 0 : HeadDimV;

    /// <summary>Bytes of one block.</summary>
    public long BlockBytes => HeadOffset(NumHeadsKv);

    /// <summary>Bytes of one stored component.</summary>
    public int ElementBytes => KvType switch
    {
        KvDataType.Float32 => 4,
        KvDataType.Float16 or KvDataType.BFloat16 => 2,
        KvDataType.Int8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(KvType), KvType, "Not a storage type."),
    };

    /// <summary>Components from one value row to the next.</summary>
    internal int ValueStride => (HeadDimV + PanelLength - 1) / PanelLength * PanelLength;

    /// <summary>Components from one panel of keys to the next.</summary>
    internal int PanelStride => HeadDim * PanelLength;

    internal long HeadBytes => KeyBytes + ValueBytes + (ValueFromKeyPrefix ? ScaleBytes : 2 * ScaleBytes);

    /// <summary>Offsets within a head.</summary>
    internal long ValueOffset => KeyBytes;

    internal long KeyScaleOffset => KeyBytes + ValueBytes;

    internal long ValueScaleOffset => ValueFromKeyPrefix ? KeyScaleOffset : KeyBytes + ValueBytes + ScaleBytes;

    private long KeyBytes => (long)SequenceFormat.BlockLength * HeadDim * ElementBytes;

    private long ValueBytes => ValueFromKeyPrefix ? 0 : (long)SequenceFormat.BlockLength * ValueStride * ElementBytes;

    private long ScaleBytes => KvType == KvDataType.Int8 ? SequenceFormat.BlockLength * sizeof(float) : 0;

    /// <summary>Where a head's section starts in the block.</summary>
    internal long HeadOffset(int headKv) =>
        (((NumHeadsKv * sizeof(float)) + Alignment - 1) / Alignment * Alignment) + (headKv * HeadBytes);
}
