namespace DistAttention.Fuzz.Running;

/// <summary>What came of a target's inputs.</summary>
/// <param name="Target">The target.</param>
/// <param name="Accepted">Inputs that were read.</param>
/// <param name="Refused">Inputs that were refused with a typed error.</param>
/// <param name="MostAllocated">The most bytes that one input allocated; 0 where nothing is counted.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Failures">Everything else.</param>
internal sealed record FuzzResult(string Target, long Accepted, long Refused, long MostAllocated, TimeSpan Time, IReadOnlyList<FuzzFailure> Failures)
{
    /// <summary>One line of a report.</summary>
    public string Line => $"{Target,-20} {Accepted + Refused,12:N0} inputs {Accepted,12:N0} read {Refused,12:N0} refused {MostAllocated,12:N0} bytes at most {Time.TotalSeconds,8:F1} s {(Failures.Count == 0 ? "" : $"{Failures.Count} FAILED")}";
}
