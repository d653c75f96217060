using System.Security.Cryptography;
using DistAttention.Contracts;

namespace DistAttention.Grains;

/// <summary>
/// Lets clients write to shards directly, and only to those that their ledger has reserved for them: each reserved part comes with a grant, which
/// its writes show to the shard. Without tokens there is no grant and everybody may.
/// </summary>
internal sealed class WriteGrants(CallTenant tenant, ClusterProof? proof)
{
    /// <summary>A reservation with grants, if its caller needs some.</summary>
    public ReservationView WithGrants(ReservationView view, Packed<SequenceSpec> spec) => proof is null || !tenant.Caller.IsClient
        ? view
        : view with { Parts = [.. view.Parts.Select(part => part with { Grant = proof.Grant(tenant.Current, part.Shard.GrainKey, view.Fence, spec) })] };

    /// <summary>Refuses a client's write to what was not reserved for it, or of another shape.</summary>
    /// <param name="grant">What the write shows.</param>
    /// <param name="shardKey">The shard.</param>
    /// <param name="fence">The reservation's fence.</param>
    /// <param name="spec">The shape written in.</param>
    /// <exception cref="AccessDeniedException">The grant is not for that.</exception>
    public void Require(byte[]? grant, string shardKey, long fence, Packed<SequenceSpec> spec)
    {
        if (proof is not null
            && tenant.Caller.IsClient
            && (grant is null || !CryptographicOperations.FixedTimeEquals(grant, proof.Grant(tenant.Current, shardKey, fence, spec))))
        {
            throw new AccessDeniedException("nothing is reserved there for this write");
        }
    }
}
