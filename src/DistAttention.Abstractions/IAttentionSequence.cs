namespace DistAttention;

/// <summary>
/// The K/V of one attention layer of one document: append-only, attended to by queries of the same stream
/// (self-attention) or of another (cross-attention). Safe to use from many threads.
/// </summary>
public interface IAttentionSequence
{
    /// <summary>Its name.</summary>
    SequenceId Id { get; }

    /// <summary>Its shape and storage.</summary>
    SequenceSpec Spec { get; }

    /// <summary>Appends rows. Linearizable, and idempotent by <see cref="AppendOptions.OperationId"/>.</summary>
    /// <param name="k">Keys [tokens, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Values [tokens, NumHeadsKv, HeadDimV]; empty where <see cref="SequenceSpec.ValueFromKeyPrefix"/> takes them from k.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call; rows not yet committed are then not part of the sequence.</param>
    /// <exception cref="ShapeMismatchException">k and v do not hold the same whole number of tokens.</exception>
    /// <exception cref="InvalidTensorException">A value is not finite, or overflows the stored type.</exception>
    /// <exception cref="CapacityExceededException">The rows do not fit the byte budget.</exception>
    Task<AppendResult> AppendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, AppendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Exact attention of query rows over the sequence, into memory of its own.</summary>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim]; may be empty.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the kernels' tile loop.</param>
    /// <exception cref="ShapeMismatchException">q does not hold a whole number of rows.</exception>
    /// <exception cref="InvalidTensorException">A value of q is not finite.</exception>
    /// <exception cref="NumericOverflowException">A score or an output of a row exceeds float32.</exception>
    Task<AttentionResult> AttendAsync(ReadOnlyMemory<float> q, AttendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Exact attention of query rows over the sequence, into the caller's memory.</summary>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim]; may be empty.</param>
    /// <param name="destination">Receives o [rows, NumHeadsQ, HeadDimV]; apart from q. After a failed call its contents are undefined.</param>
    /// <param name="lse">Receives lse [rows, NumHeadsQ]; empty if it is not wanted.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the kernels' tile loop.</param>
    Task<AttentionSummary> AttendAsync(ReadOnlyMemory<float> q, Memory<float> destination, Memory<float> lse, AttendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>A decode step: appends rows, then attends over everything up to and including them, in one call.</summary>
    /// <param name="k">Keys [tokens, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Values [tokens, NumHeadsKv, HeadDimV].</param>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim].</param>
    /// <param name="attend">How to attend; null for the defaults, with which rows are aligned to the end of the appended ones.</param>
    /// <param name="append">How to append; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<AttentionResult> AppendAndAttendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, ReadOnlyMemory<float> q, AttendOptions? attend = null, AppendOptions? append = null, CancellationToken cancellationToken = default);

    /// <summary>Keeps the first <paramref name="length"/> positions and drops the rest. Calls already running keep reading what they pinned.</summary>
    /// <param name="length">0 to the committed length.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<SequenceSnapshot> TruncateAsync(long length, CancellationToken cancellationToken = default);

    /// <summary>Makes a new sequence that starts with this one's first positions, sharing them without a copy.</summary>
    /// <param name="id">Name of the new sequence.</param>
    /// <param name="length">Positions to share; null shares all committed ones.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IAttentionSequence> ForkAsync(SequenceId id, long? length = null, CancellationToken cancellationToken = default);

    /// <summary>Its latest committed state and what it holds in memory.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<SequenceInfo> GetInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>The plan that attending with <paramref name="rows"/> query rows would follow, without running it.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<AttentionPlan> ExplainAsync(int rows, AttendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Where the attention of each row goes: a second exact pass with p = exp(score − lse).</summary>
    /// <param name="q">Queries [rows, NumHeadsQ, HeadDim].</param>
    /// <param name="options">How, and what to report.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<AttentionMass> AttentionMassAsync(ReadOnlyMemory<float> q, AttentionMassOptions options, CancellationToken cancellationToken = default);
}
