namespace DistAttention.Contracts;

/// <summary>An answer that says where to fetch it, when it is larger than a message.</summary>
public interface IMayBeParcel
{
    /// <summary>Where the answer is; null if this is it.</summary>
    Parcel? Parcel { get; }
}
