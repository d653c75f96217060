using System.Globalization;
using System.Text;
using Spectre.Console;

namespace DistAttention.Cli.Output;

/// <summary>One of the process's streams as Spectre.Console sees it, with its own width and its own idea of being a terminal.</summary>
internal sealed class StreamOutput(TextWriter writer, bool isTerminal) : IAnsiConsoleOutput
{
    private const int WidthWithoutTerminal = 80;

    public TextWriter Writer => writer;

    public bool IsTerminal => isTerminal;

    public int Width => TerminalSize(Console.WindowWidth) ?? Columns() ?? WidthWithoutTerminal;

    public int Height => TerminalSize(Console.WindowHeight) ?? 24;

    /// <summary>A console over one stream.</summary>
    public static IAnsiConsole CreateConsole(TextWriter writer, bool isTerminal)
    {
        bool plain = !isTerminal || Environment.GetEnvironmentVariable("TERM") == "dumb";
        bool noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new StreamOutput(isTerminal ? writer : new TrimmingWriter(writer), isTerminal),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain || noColor ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Yes,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
    }

    public void SetEncoding(Encoding encoding)
    {
    }

    private static int? Columns() =>
        int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), CultureInfo.InvariantCulture, out int columns) && columns is >= 20 and <= 1000
            ? columns
            : null;

    private int? TerminalSize(int size) => isTerminal && size > 0 ? size : null;
}
