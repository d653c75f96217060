namespace DistAttention.Silo.Options.Listing;

/// <summary>What <c>distattn-silo --help</c> prints: how to start, and the short forms of options.</summary>
internal static class HelpPage
{
    private const int Width = 80;

    private const string Opening =
        """
        distattn-silo: keeps keys and values, and answers attention over them.

        Usage:
          distattn-silo --folder DIR --storage DIR [options]
          distattn-silo --mode PostgreSql --connection-string TEXT [options]

        The first silo begins a cluster, those that name the same folder or database
        join it. SIGTERM or Ctrl-C hands over to the others, then ends.

        Options:
        """;

    private const string Ending =
        """

          --options                   Every option, with its default, as Markdown.
          --help                      This.

        Options are also read from appsettings.json, --config FILE and the environment:
        --silo-port 11112 is DISTATTN_Endpoint__SiloPort=11112.
        """;

    /// <summary>Whether the arguments ask for it.</summary>
    /// <param name="arguments">Of the command line.</param>
    public static bool IsAskedFor(IEnumerable<string> arguments) => arguments.Any(static a => a is "--help" or "-h" or "-?");

    /// <param name="output">Where it goes.</param>
    /// <exception cref="IOException">What the compiler leaves beside the program for it is not there.</exception>
    public static void Write(TextWriter output)
    {
        OptionDescriptions descriptions = new();
        Dictionary<string, OptionRow> rows = OptionSections.All.SelectMany(static s => OptionRow.Of(s.Name, s.Options)).ToDictionary(static r => r.Name);
        output.WriteLine(Opening);
        foreach ((string form, string name) in Configuration.ShortForms)
        {
            string meaning = rows.TryGetValue(name, out OptionRow? row) ? FirstSentence(descriptions.Of(row.Property)) : "A JSON file of options.";
            string indent = "  " + form.PadRight(28);
            foreach (string line in Wrapped(meaning, Width - 30))
            {
                output.WriteLine(indent + line);
                indent = new string(' ', 30);
            }
        }

        output.WriteLine(Ending);
    }

    private static string FirstSentence(string text)
    {
        int end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..(end + 1)]).Replace("`", "", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length == 0 ? word : " " + word;
        }

        yield return line;
    }
}
