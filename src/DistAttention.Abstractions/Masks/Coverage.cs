namespace DistAttention;

/// <summary>What a mask does to a range of queries against a range of positions.</summary>
public enum Coverage
{
    /// <summary>No query of the range sees any position of the range: never sent, never computed.</summary>
    None = 0,

    /// <summary>Undecided, or some pairs are visible and some are not: computed with mask bits.</summary>
    Masked = 1,

    /// <summary>Every query of the range sees every position of the range: computed without mask code.</summary>
    Full = 2,
}
