namespace DistAttention.Contracts.Access;

/// <summary>Errors of the cluster, which names sequences as it keeps them, for the tenant, who has other names for them.</summary>
public static class TenantErrors
{
    /// <summary>An error with the names of sequences as the tenant writes them.</summary>
    /// <param name="error">As it came from the cluster.</param>
    /// <param name="tenant">The tenant.</param>
    public static Exception WithNames(Exception error, TenantName tenant)
    {
        if (tenant == default)
        {
            return error;
        }

        return error switch
        {
            SequenceNotFoundException e => new SequenceNotFoundException(NameOf(e.Id)),
            SequenceExistsException e => new SequenceExistsException(NameOf(e.Id)),
            SnapshotLostException e => new SnapshotLostException(NameOf(e.Id), e.Snapshot),
            ShardLostException e => new ShardLostException(NameOf(e.Id), e.Positions, e.Reason, e.InnerException),
            PartialFailureException { InnerException: { } first } e => new PartialFailureException(e.Total, e.Failed, WithNames(first, tenant)),
            AttentionTimeoutException { InnerException: { } first } e => new AttentionTimeoutException(e.Timeout, WithNames(first, tenant)),
            _ => error,
        };

        SequenceId NameOf(SequenceId key) => SequenceId.TryParse(tenant.NameOf(key.Value), null, out SequenceId id) ? id : key;
    }
}
