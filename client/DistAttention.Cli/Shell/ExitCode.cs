namespace DistAttention.Cli.Shell;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Failed; stderr says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line could not be understood; nothing was started.</summary>
    public const int Usage = 2;

    /// <summary>Stopped because its terminal closed (128 + SIGHUP).</summary>
    public const int HungUp = 129;

    /// <summary>Stopped by Ctrl-C (128 + SIGINT).</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by a request to terminate (128 + SIGTERM).</summary>
    public const int Terminated = 143;
}
