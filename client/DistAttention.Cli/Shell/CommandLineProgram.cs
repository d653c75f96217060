using System.CommandLine;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Shell;

/// <summary>Parse, call, and turn every ending into an exit code.</summary>
internal static class CommandLineProgram
{
    public static async Task<int> RunAsync(string[] args, CliConsole console)
    {
        using StopSignals signals = new();
        try
        {
            RootCommand root = Verbs.CreateRoot(console);
            if (args.Length == 0)
            {
                HelpPage.Write(console.Notes, root);
                return ExitCode.Usage;
            }

            // No response files: '@' may start a file's name.
            ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Errors.Count > 0 && parsed.Action?.ClearsParseErrors != true)
            {
                return UsageReport.Write(console, parsed);
            }

            // Signals and errors are handled here; System.CommandLine's own handlers stay out of the way.
            InvocationConfiguration invocation = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, signals.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            return ErrorReport.Write(console, error, signals);
        }
    }
}
