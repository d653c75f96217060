using System.CommandLine;
using System.CommandLine.Parsing;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Shell;

/// <summary>Says in one line what is wrong with a command line, and where its help is.</summary>
internal static class UsageReport
{
    /// <summary>Prints the line and returns the exit code.</summary>
    public static int Write(CliConsole console, ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string problem = Problem(parsed, command);
        console.NoteError($"{problem}{(problem.EndsWith('?') ? "" : ".")} See '{HelpPage.FullName(command)} --help'");
        return ExitCode.Usage;
    }

    // An unknown word comes first: what is reported missing is often just what was misspelt.
    private static string Problem(ParseResult parsed, Command command) =>
        parsed.UnmatchedTokens is [var unknown, ..] ? Unknown(unknown, command)
        : WrongValue(parsed) ?? Missing(parsed) ?? parsed.Errors[0].Message.TrimEnd('.');

    private static string Unknown(string word, Command command)
    {
        bool isOption = word.StartsWith('-');
        bool expectsVerb = !isOption && command.Subcommands.Count > 0;
        IEnumerable<string> candidates = expectsVerb
            ? command.Subcommands.Select(static c => c.Name)
            : isOption ? HelpPage.VisibleOptions(command).Select(static o => o.Name) : [];
        string problem = isOption ? $"unknown option '{word}'" : expectsVerb ? $"unknown verb '{word}'" : $"unexpected '{word}'";
        return NearestName.Of(word, candidates) is { } nearest ? $"{problem}; did you mean '{nearest}'?" : problem;
    }

    private static string? WrongValue(ParseResult parsed)
    {
        foreach (ParseError error in parsed.Errors)
        {
            if ((error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult) is { Implicit: false, IdentifierTokenCount: > 0 } given)
            {
                string name = given.Option.Name;
                return given.Tokens.Count < given.Option.Arity.MinimumNumberOfValues ? $"{name} needs a value"
                    : given.Tokens.Count > given.Option.Arity.MaximumNumberOfValues ? $"{name} is given {given.Tokens.Count} values; it takes one"
                    : error.Message.TrimEnd('.');
            }
        }

        return null;
    }

    private static string? Missing(ParseResult parsed)
    {
        string[] missing = [.. parsed.CommandResult.Command.Options
            .Where(option => option.Required && parsed.GetResult(option) is null or { IdentifierTokenCount: 0 })
            .Select(static option => option.Name)];
        return missing switch
        {
            [] => null,
            [var only] => $"{only} is missing",
            _ => $"{string.Join(", ", missing[..^1])} and {missing[^1]} are missing",
        };
    }
}
