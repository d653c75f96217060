using DistAttention.Cli.Output;

namespace DistAttention.Cli.Shell;

/// <summary>
/// Turns whatever ended a verb into one line on stderr and an exit code. DISTATTN_DEBUG=1 adds the stack trace.
/// </summary>
internal static class ErrorReport
{
    private const string DebugVariable = "DISTATTN_DEBUG";

    /// <summary>Prints the line and returns the exit code.</summary>
    public static int Write(CliConsole console, Exception error, StopSignals signals)
    {
        (string line, int exitCode) = Describe(error, signals);
        try
        {
            console.NoteError(line);
            if (Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 } and not "0")
            {
                console.Note(error.ToString());
            }
        }
        catch (IOException)
        {
            // stderr is gone; the exit code still tells
        }

        return exitCode;
    }

    private static (string Line, int ExitCode) Describe(Exception error, StopSignals signals) => error switch
    {
        OperationCanceledException when signals.Token.IsCancellationRequested => ("stopped", signals.StoppedExitCode),
        AggregateException { InnerExceptions: [var only] } => Describe(only, signals),
        OutOfMemoryException => ("not enough memory", ExitCode.Failed),
        CliException refused => (OneLine(refused.Message), refused.Code),
        DistAttentionException or IOException or UnauthorizedAccessException =>
            (OneLine(error.Message), ExitCode.Failed),
        _ => ($"this is a bug in distattn: {OneLine(error.Message)} ({error.GetType().Name}; {DebugVariable}=1 prints the details)", ExitCode.Failed),
    };

    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).TrimEnd('.');
}
