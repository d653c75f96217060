namespace DistAttention.Silo.Admin.Health;

/// <summary>A reason for which a silo that runs may want no calls for a while; every one that is registered is asked.</summary>
internal interface IReadinessCondition
{
    /// <summary>Why no calls should be sent to this silo now, in a few words; null if they may be. Answers at once.</summary>
    string? Problem { get; }
}
