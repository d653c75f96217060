using System.Runtime.CompilerServices;

namespace DistAttention;

/// <summary>
/// Which positions a query may attend to: immutable data, evaluated over whole ranges by the planner and over tiles by
/// the kernels, always agreeing with <see cref="IsVisible"/>. Masks combine with <c>&amp;</c>, <c>|</c> and <c>~</c>.
/// </summary>
/// <remarks>
/// A mask is a function of two absolute positions and of nothing else: not of a sequence's length, not of how rows were
/// batched. A row's answer therefore never changes when the sequence grows. Queries may stand before position 0 or beyond
/// the sequence; definitions hold there as they read. Masks made of data see nothing outside their data.
/// Two masks are equal when they are built alike from equal data.
/// </remarks>
public abstract partial record AttentionMask
{
    /// <summary>Masks inside masks, at most.</summary>
    public const int MaxDepth = 64;

    private volatile StrongBox<UInt128>? _contentHash;

    private protected AttentionMask()
    {
    }

    /// <summary>Copies nothing that was computed: a changed copy has content of its own.</summary>
    /// <param name="original">The mask to copy.</param>
    protected AttentionMask(AttentionMask original) => _ = original;

    /// <summary>
    /// A hash of kind and content: equal for equal masks in every process, different for different ones as surely as half a
    /// SHA-256 can tell. Computed once.
    /// </summary>
    public UInt128 ContentHash
    {
        get
        {
            // Two threads may both compute it; they find the same.
            if (_contentHash is null)
            {
                using MaskDigest digest = new();
                Describe(digest);
                _contentHash = new StrongBox<UInt128>(digest.Finish());
            }

            return _contentHash.Value;
        }
    }

    /// <summary>Masks inside this one: 1 for a mask that holds none.</summary>
    internal virtual int Depth => 1;

    /// <summary>Whether the mask carries data whose size grows with the sequence, so that it travels cut by <see cref="Restrict"/>.</summary>
    public virtual bool HasData => false;

    /// <summary>The definition: whether the query at <paramref name="qPos"/> sees <paramref name="kvPos"/>.</summary>
    /// <param name="qPos">Absolute position of the query; negative before the sequence's first position.</param>
    /// <param name="kvPos">Absolute position of the key, at least 0.</param>
    public abstract bool IsVisible(long qPos, long kvPos);

    /// <summary>
    /// A mask that agrees with this one for queries of <paramref name="q"/> and positions of <paramref name="kv"/>, with no more
    /// data than that takes. Anywhere else it may say anything.
    /// </summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys: ascending, disjoint ranges.</param>
    public virtual AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv) => this;

    /// <summary>About how many bytes the data of <see cref="Restrict"/> takes on the wire; 0 without data.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public virtual long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv) => 0;

    /// <summary>The mask with everything that is data replaced by <see cref="Full"/>: small enough to go anywhere, and good enough to place shards by.</summary>
    public virtual AttentionMask Outline() => HasData ? Full : this;

    /// <summary>Whether both are built alike from equal data.</summary>
    /// <param name="other">The other mask.</param>
    public virtual bool Equals(AttentionMask? other) =>
        ReferenceEquals(this, other) || (other is not null && EqualityContract == other.EqualityContract && ContentHash == other.ContentHash);

    /// <inheritdoc/>
    public override int GetHashCode() => ContentHash.GetHashCode();

    /// <summary>The mask as text: what <see cref="Parse(string)"/> reads, except that data is given by its file's name or a summary.</summary>
    public abstract override string ToString();

    /// <summary>Adds kind and content to a hash.</summary>
    private protected abstract void Describe(MaskDigest digest);

    // Composed masks describe the masks they hold.
    internal void DescribeTo(MaskDigest digest) => Describe(digest);
}
