namespace DistAttention.Grains;

/// <summary>A grain that may be there without anything to speak for.</summary>
internal interface IVacant
{
    /// <summary>Whether nothing would be lost if it were let go.</summary>
    bool IsVacant { get; }
}
