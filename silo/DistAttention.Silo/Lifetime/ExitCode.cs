namespace DistAttention.Silo.Lifetime;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>Asked to stop, and drained.</summary>
    public const int Ok = 0;

    /// <summary>Failed; stderr or the log says why.</summary>
    public const int Failed = 1;

    /// <summary>An option is wrong; nothing was started.</summary>
    public const int Usage = 2;

    /// <summary>Asked to stop, and not done within the time for it.</summary>
    public const int NotDrained = 3;
}
