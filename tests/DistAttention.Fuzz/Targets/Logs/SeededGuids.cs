namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>Identifiers that are the same in every process.</summary>
internal static class SeededGuids
{
    /// <summary>The i-th.</summary>
    public static Guid Make(int i) => new(i, 0x1a8a, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 1);
}
