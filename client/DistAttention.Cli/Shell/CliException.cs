namespace DistAttention.Cli.Shell;

/// <summary>A verb cannot do what is asked; the message is the one line that the user sees.</summary>
internal sealed class CliException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the process returns.</summary>
    public int Code { get; init; } = ExitCode.Failed;
}
