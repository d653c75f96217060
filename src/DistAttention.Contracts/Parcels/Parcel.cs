namespace DistAttention.Contracts;

/// <summary>An answer that no message carries, and where to fetch it: from whoever gave this, in parts, once.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Bytes">Its size.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.Parcel")]
public sealed record Parcel(
    [property: Id(0)] Guid Id,
    [property: Id(1)] long Bytes)
{
    /// <summary>Parts that it comes in.</summary>
    public int Parts => (int)((Bytes + CallLimits.MessageBytes - 1) / CallLimits.MessageBytes);
}

/// <summary>A part of a <see cref="Parcel"/>.</summary>
/// <param name="Bytes">Its bytes.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ParcelPart")]
public sealed record ParcelPart([property: Id(0)] byte[] Bytes);
