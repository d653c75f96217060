namespace DistAttention.Contracts;

/// <summary>Shards cannot be moved as asked.</summary>
/// <param name="reason">Why, and what would have to be otherwise.</param>
public sealed class RebalanceRefusedException(string reason) : DistAttentionException($"Shards cannot be moved: {reason}.")
{
    /// <summary>Why.</summary>
    public string Reason => reason;
}

[RegisterConverter]
internal sealed class RebalanceRefusedConverter : IConverter<RebalanceRefusedException, ErrorFields>
{
    public RebalanceRefusedException ConvertFromSurrogate(in ErrorFields f) => new(f.First!);

    public ErrorFields ConvertToSurrogate(in RebalanceRefusedException e) => new() { First = e.Reason };
}
