namespace DistAttention.Contracts;

/// <summary>How a call stands where it was sent.</summary>
/// <param name="IsKnown">Whether it is being worked on there.</param>
/// <param name="Steps">Steps of work that the place has done so far, whosever: a call that waits behind others gets on as they do.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.CallProgress")]
public readonly record struct CallProgress(
    [property: Id(0)] bool IsKnown,
    [property: Id(1)] long Steps);
