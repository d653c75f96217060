using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using DistAttention.Cli.Output;
using Spectre.Console;

namespace DistAttention.Cli.Shell;

/// <summary>The help of a command: usage, what it does, its verbs or options, and examples to copy.</summary>
internal sealed class HelpPage(CliConsole console) : SynchronousCommandLineAction
{
    private const int Indent = 2;

    public override bool ClearsParseErrors => true;

    /// <summary>Makes <c>--help</c> of the whole tree print such pages.</summary>
    public static void Install(RootCommand root, CliConsole console) =>
        root.Options.OfType<HelpOption>().Single().Action = new HelpPage(console);

    /// <summary>"distattn attend", "distattn bench kernel".</summary>
    public static string FullName(Command command) =>
        command is RootCommand || command.Parents.FirstOrDefault() is not Command parent ? "distattn" : $"{FullName(parent)} {command.Name}";

    /// <summary>The options a user may give after the command's name.</summary>
    public static IEnumerable<Option> VisibleOptions(Command command) =>
        command.Options
            .Concat(command.Parents.OfType<Command>().SelectMany(static c => c.Options).Where(static o => o.Recursive))
            .Where(static o => !o.Hidden)
            .DistinctBy(static o => o.Name);

    public override int Invoke(ParseResult parseResult)
    {
        Write(console.Out, parseResult.CommandResult.Command);
        return ExitCode.Ok;
    }

    /// <summary>Writes the page of one command.</summary>
    public static void Write(IAnsiConsole to, Command command)
    {
        to.WriteLine(command.Description ?? "");
        Section(to, "Usage");
        to.Write(new Padder(new Text(Usage(command)), new Padding(Indent, 0, 0, 0)));
        Rows(to, "Verbs", command.Subcommands.Where(static c => !c.Hidden).Select(static c => (c.Name, c.Description ?? "")));
        Rows(to, "Arguments", command.Arguments.Select(static a => ($"<{a.Name}>", a.Description ?? "")));
        Rows(to, "Options", VisibleOptions(command).Select(static o => (Left(o), Right(o))));
        if (command is Verb { Examples: { Count: > 0 } examples })
        {
            Section(to, examples.Count == 1 ? "Example" : "Examples");
            foreach (Example example in examples)
            {
                to.Write(new Padder(new Text("# " + example.Purpose, new Style(Color.Grey)), new Padding(Indent, 0, 0, 0)));
                to.Write(new Padder(new Text(example.CommandLine), new Padding(Indent, 0, 0, 0)));
            }
        }
        else if (command.Subcommands.Count > 0)
        {
            to.WriteLine();
            to.WriteLine($"'{FullName(command)} <verb> --help' says more about a verb, with an example.");
        }
    }

    private static string Usage(Command command)
    {
        IEnumerable<string> required = command.Options
            .Where(static o => o.Required)
            .Select(static o => $"{o.Name} <{o.HelpName}>");
        IEnumerable<string> arguments = command.Arguments.Select(static a => a.Arity.MinimumNumberOfValues == 0 ? $"[{a.Name}]" : $"<{a.Name}>");
        string[] parts =
        [
            FullName(command),
            .. command.Subcommands.Count > 0 ? ["<verb>"] : Array.Empty<string>(),
            .. required,
            .. arguments,
            "[options]",
        ];
        return string.Join(' ', parts);
    }

    private static string Left(Option option)
    {
        // One dash and one letter is the only alias worth the room: -h, -?, /h and /? all mean --help.
        string names = option.Aliases.FirstOrDefault(static a => a is ['-', >= 'a' and <= 'z']) is { } alias ? $"{alias}, {option.Name}" : option.Name;
        return option.HelpName is { } value && option.ValueType != typeof(bool) ? $"{names} <{value}>" : names;
    }

    private static string Right(Option option) => option switch
    {
        HelpOption => "Show this help.",
        VersionOption => "Show the version.",
        _ => option.Description ?? "",
    };

    private static void Section(IAnsiConsole to, string title)
    {
        to.WriteLine();
        to.WriteLine(title + ":", new Style(decoration: Decoration.Bold));
    }

    private static void Rows(IAnsiConsole to, string title, IEnumerable<(string Left, string Right)> rows)
    {
        (string Left, string Right)[] all = [.. rows];
        if (all.Length == 0)
        {
            return;
        }

        Section(to, title);
        Grid grid = new();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(Indent, 0, 2, 0) });
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 0, 0) });
        foreach ((string left, string right) in all)
        {
            grid.AddRow(new Text(left), new Text(right));
        }

        to.Write(grid);
    }
}
