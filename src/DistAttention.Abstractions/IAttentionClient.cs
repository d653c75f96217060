namespace DistAttention;

/// <summary>Creates, opens, lists and deletes sequences; in one process or on a cluster, with the same bits.</summary>
public interface IAttentionClient : IAsyncDisposable
{
    /// <summary>Creates an empty sequence.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="spec">Its shape and storage.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SequenceExistsException">The name is taken.</exception>
    /// <exception cref="InvalidSpecException">The spec names something impossible.</exception>
    Task<IAttentionSequence> CreateSequenceAsync(SequenceId id, SequenceSpec spec, CancellationToken cancellationToken = default);

    /// <summary>Opens an existing sequence.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SequenceNotFoundException">There is none of that name.</exception>
    Task<IAttentionSequence> OpenSequenceAsync(SequenceId id, CancellationToken cancellationToken = default);

    /// <summary>Lists sequences in the order of their names.</summary>
    /// <param name="prefix">Only names that start with this; null lists all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    IAsyncEnumerable<SequenceInfo> ListSequencesAsync(string? prefix = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a sequence. Calls already running finish on the rows they read; forks keep what they share.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SequenceNotFoundException">There is none of that name.</exception>
    Task DeleteSequenceAsync(SequenceId id, CancellationToken cancellationToken = default);
}
