using Spectre.Console;

namespace DistAttention.Cli.Output;

/// <summary>A few facts under each other: a label, and what is so.</summary>
internal static class Facts
{
    public static void Write(IAnsiConsole to, params IReadOnlyList<(string Label, string Text)> facts)
    {
        int width = facts.Max(static f => f.Label.Length);
        if (!to.Profile.Out.IsTerminal)
        {
            foreach ((string label, string text) in facts)
            {
                to.Profile.Out.Writer.WriteLine($"{label.PadRight(width)}  {text}"); // a line each, however long: they may be searched
            }

            return;
        }

        Grid grid = new Grid()
            .AddColumn(new GridColumn { NoWrap = true, Width = width, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });
        foreach ((string label, string text) in facts)
        {
            grid.AddRow(new Text(label, new Style(Color.Grey)), new Text(text));
        }

        to.Write(grid);
    }
}
