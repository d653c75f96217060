using System.Text.Json.Nodes;
using Spectre.Console;

namespace DistAttention.Cli.Output;

/// <summary>
/// Where a verb prints. Data goes to stdout, where a pipe or a file may take it; progress and notes go to stderr.
/// Colours and moving bars appear only on a terminal, and colours not at all under NO_COLOR.
/// </summary>
internal sealed class CliConsole
{
    private readonly TextWriter _stdout;
    private readonly TextWriter _stderr;

    public CliConsole(TextWriter stdout, bool stdoutIsTerminal, TextWriter stderr, bool stderrIsTerminal)
    {
        _stdout = stdout;
        _stderr = stderr;
        NotesAreLive = stderrIsTerminal;
        Out = StreamOutput.CreateConsole(stdout, stdoutIsTerminal);
        Notes = StreamOutput.CreateConsole(stderr, stderrIsTerminal);
    }

    /// <summary>stdout for people: text, trees and tables that are the verb's answer.</summary>
    public IAnsiConsole Out { get; }

    /// <summary>stderr for people: progress, notes, summaries.</summary>
    public IAnsiConsole Notes { get; }

    /// <summary>Whether stderr is a terminal, so that a bar may move there.</summary>
    public bool NotesAreLive { get; }

    /// <summary>The console of this process.</summary>
    public static CliConsole ForProcess() =>
        new(Console.Out, !Console.IsOutputRedirected, Console.Error, !Console.IsErrorRedirected);

    /// <summary>One line of data on stdout, exactly as given: never wrapped, never coloured.</summary>
    public void WriteLine(string line) => _stdout.WriteLine(line);

    /// <summary>A JSON document on stdout.</summary>
    public void WriteJson(JsonNode document) => _stdout.WriteLine(JsonText.Of(document));

    /// <summary>One plain line on stderr.</summary>
    public void Note(string line)
    {
        if (NotesAreLive)
        {
            Notes.WriteLine(line); // through Spectre, so that it does not tear a live progress bar
        }
        else
        {
            _stderr.WriteLine(line);
        }
    }

    /// <summary>The one line that says why the program fails: "distattn: …", never wrapped.</summary>
    public void NoteError(string problem) => _stderr.WriteLine($"distattn: {problem}");

    /// <summary>Runs long work with a progress bar per step on stderr; see <see cref="ProgressDisplay"/>.</summary>
    public Task<T> WithProgressAsync<T>(Func<ProgressSteps, Task<T>> work) => ProgressDisplay.RunAsync(this, work);

    /// <summary>Runs long work with a progress bar per step on stderr; see <see cref="ProgressDisplay"/>.</summary>
    public Task WithProgressAsync(Func<ProgressSteps, Task> work) =>
        ProgressDisplay.RunAsync(this, async steps =>
        {
            await work(steps).ConfigureAwait(false);
            return 0;
        });
}
