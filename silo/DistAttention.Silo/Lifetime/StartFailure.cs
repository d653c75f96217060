using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Lifetime;

/// <summary>Says in one line on stderr why a silo did not start, or did not go on.</summary>
internal static class StartFailure
{
    /// <summary>Prints the line and returns the exit code.</summary>
    public static int Report(Exception error)
    {
        (string problem, int exitCode) = Describe(error);
        Console.Error.WriteLine($"distattn-silo: {string.Join(' ', problem.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).TrimEnd('.')}");
        if (Environment.GetEnvironmentVariable("DISTATTN_DEBUG") is { Length: > 0 } and not "0")
        {
            Console.Error.WriteLine(error);
        }

        return exitCode;
    }

    private static (string Problem, int ExitCode) Describe(Exception error) => error switch
    {
        AggregateException { InnerExceptions: [var first, ..] } => Describe(first),
        OptionsValidationException options => (string.Join("; ", options.Failures), ExitCode.Usage),
        IOException or UnauthorizedAccessException or DistAttentionException => (error.Message, ExitCode.Failed),
        _ => ($"{error.Message} ({error.GetType().Name})", ExitCode.Failed),
    };
}
