using DistAttention.Contracts.Access;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DistAttention.Contracts;

/// <summary>Something that may answer with a <see cref="Parcel"/>.</summary>
public interface IParcelSite : IAddressable
{
    /// <summary>A part of a parcel. The parcel is forgotten once its last part is fetched, or nobody has fetched for a while.</summary>
    /// <param name="id">The parcel.</param>
    /// <param name="part">Which part, from 0 on, in order.</param>
    /// <exception cref="CorruptPayloadException">There is no such parcel any more; the call that gave it is made again.</exception>
    [AlwaysInterleave]
    [ClientCall(Rights.None)]
    [Alias("Fetch")]
    Task<ParcelPart> FetchAsync(Guid id, int part);
}
