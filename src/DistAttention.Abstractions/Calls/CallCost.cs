namespace DistAttention.Calls;

/// <summary>What a call takes.</summary>
/// <param name="Caller">On whose behalf it is made.</param>
/// <param name="Bytes">Bytes of its queries, rows and answer.</param>
/// <param name="Work">Multiplications, about; in any unit that is always the same.</param>
/// <param name="IsShort">Whether it goes before its caller's long calls.</param>
/// <param name="TimeLeft">Until its deadline.</param>
public readonly record struct CallCost(CallerId Caller, long Bytes, double Work, bool IsShort, TimeSpan TimeLeft);
