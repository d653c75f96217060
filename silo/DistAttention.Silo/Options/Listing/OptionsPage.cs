namespace DistAttention.Silo.Options.Listing;

/// <summary>Every option on one page of Markdown: <c>distattn-silo --options</c>.</summary>
internal static class OptionsPage
{
    /// <summary>The argument that asks for it, alone.</summary>
    public const string Argument = "--options";

    private const string Opening =
        """
        # Every option of a silo

        `distattn-silo --options` prints this page; it is made from the program. Options come from `appsettings.json` beside the program, then `POD_NAME` and
        `POD_IP` of the environment (for `Endpoint:Name`, `Endpoint:Address` and `Endpoint:ListenAddress`), then a JSON file of the same form
        (`--config FILE` or `DISTATTN_CONFIG`), then environment variables, then the command line (`--Endpoint:SiloPort 11112`, or the short
        form); later ones win. The variable of `Endpoint:SiloPort` is `DISTATTN_Endpoint__SiloPort`, and so on: the prefix, and `__` for every `:`. Elements of lists
        are numbered from 0. Times are written `hours:minutes:seconds`. `Logging:LogLevel:CATEGORY` sets levels as in any .NET program.
        """;

    /// <param name="output">Where it goes.</param>
    /// <exception cref="IOException">What the compiler leaves beside the program for it is not there.</exception>
    public static void Write(TextWriter output)
    {
        OptionDescriptions descriptions = new();
        ILookup<string, string> shortForms = Configuration.ShortForms.ToLookup(static form => form.Value, static form => form.Key);
        Line(output, Opening);
        foreach ((string section, Type type) in OptionSections.All)
        {
            Line(output, $"\n## {section}\n\n{descriptions.Of(type)}\n\n| option | default | short form | meaning |\n|---|---|---|---|");
            foreach (OptionRow row in OptionRow.Of(section, type))
            {
                string forms = string.Join(", ", shortForms[row.Name].Select(Code));
                Line(output, $"| {Code(row.Name)} | {Cell(row.Default)} | {forms} | {Cell(descriptions.Of(row.Property))} |");
            }
        }
    }

    private static void Line(TextWriter output, string text) => output.Write(text.Replace("\r", "", StringComparison.Ordinal) + "\n");

    private static string Code(string text) => $"`{text}`";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
