using System.Globalization;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;
using Spectre.Console;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>
/// Attention of one question over the text as a picture of characters: a row per head, the text from left to right, the
/// sum of the heads as bars, and the numbers of the passages under the places they stand at. How dark a cell is says it
/// all; colour only helps.
/// </summary>
internal sealed class HeatMap(Answer answer, IReadOnlyList<string> headNames, Corpus corpus)
{
    private const int Label = 12;
    private const int MaxColumns = 120;

    private static readonly string[] _shades = [" ", "░", "▒", "▓", "█"];
    private static readonly string[] _bars = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

    /// <summary>From little to much. Mid tones, so that they show on dark and on light terminals.</summary>
    private static readonly Color[] _colors = [Color.SteelBlue, Color.SteelBlue, Color.MediumPurple3, Color.IndianRed, Color.DarkOrange];

    /// <summary>Writes the picture.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="passages">How many passages to number.</param>
    public void Write(IAnsiConsole to, int passages)
    {
        int columns = Math.Min(Math.Clamp(to.Profile.Width - Label - 2, 16, MaxColumns), corpus.TokenCount);
        double[][] heads = [.. Enumerable.Range(0, headNames.Count).Select(h => answer.Mass.Binned(columns, h))];
        double most = heads.Max(static h => h.Max());
        for (int h = 0; h < heads.Length; h++)
        {
            WriteRow(to, headNames[h], heads[h], most, _shades);
        }

        double[] all = answer.Mass.Binned(columns);
        WriteRow(to, "all heads", all, all.Max(), _bars);
        WriteLine(to, PassageNumbers(columns, passages));
        WriteLine(to, Axis(columns));
    }

    private static void WriteRow(IAnsiConsole to, string name, double[] mass, double most, string[] levels)
    {
        Paragraph row = new();
        row.Append(name.PadLeft(Label - 1) + " ", new Style(Color.Grey));
        foreach (double cell in mass)
        {
            // The square root lets a tenth of the most still be seen.
            double strength = most > 0 ? Math.Sqrt(cell / most) : 0;
            int level = (int)Math.Round(strength * (levels.Length - 1));
            row.Append(levels[level], new Style(_colors[(int)Math.Round(strength * (_colors.Length - 1))]));
        }

        to.Write(row);
        to.WriteLine();
    }

    private static void WriteLine(IAnsiConsole to, string text)
    {
        if (!string.IsNullOrWhiteSpace(text))
        {
            to.Write(new Text(new string(' ', Label) + text.TrimEnd(), new Style(Color.Grey)));
            to.WriteLine();
        }
    }

    private string PassageNumbers(int columns, int passages)
    {
        char[] row = new string(' ', columns).ToCharArray();
        foreach ((int index, Passage passage) in answer.Passages.Take(passages).Index().Reverse())
        {
            row[Column(passage.FirstToken, columns)] = (char)('1' + index);
        }

        return new string(row);
    }

    /// <summary>Line numbers, token numbers where the text repeats, or the names of documents, under the places they start at.</summary>
    private string Axis(int columns)
    {
        char[] row = new string(' ', columns).ToCharArray();
        int free = 0;
        foreach ((int column, string name) in corpus.Documents.Count == 1 || corpus.Repetitions > 1 ? Ticks(columns) : DocumentStarts(columns))
        {
            int start = Math.Min(column, columns - name.Length);
            if (start >= free && start >= 0)
            {
                name.CopyTo(0, row, start, name.Length);
                free = start + name.Length + 2;
            }
        }

        return new string(row);
    }

    private IEnumerable<(int Column, string Name)> Ticks(int columns)
    {
        const int most = 5;
        int ticks = Math.Clamp(columns / 12, 2, most);
        for (int tick = 0; tick < ticks; tick++)
        {
            int column = tick * (columns - 1) / (ticks - 1);
            int position = (int)Math.Max(1, (long)column * (corpus.PositionCount - 1) / Math.Max(1, columns - 1));
            int place = corpus.Repetitions > 1 ? position : corpus.Tokens[corpus.TokenIndexAt(position)].Line;
            string number = place.ToString("N0", CultureInfo.InvariantCulture);
            yield return (column, tick > 0 ? number : corpus.Repetitions > 1 ? "token " + number : "line " + number);
        }
    }

    private IEnumerable<(int Column, string Name)> DocumentStarts(int columns)
    {
        const int longest = 18;
        int last = -1;
        for (int token = 0; token < corpus.Tokens.Length; token++)
        {
            int document = corpus.Tokens[token].Document;
            if (document != last)
            {
                last = document;
                string name = Places.Clean(Path.GetFileName(corpus.Documents[document].Name));
                name = name.Length <= longest ? name : name[..(longest - 1)] + "…";
                yield return (Column(token, columns), name.Length <= columns ? name : name[..columns]);
            }
        }
    }

    /// <summary>The column of a token's first place in the text.</summary>
    private int Column(int token, int columns) => (int)Math.Min(columns - 1, (long)token * columns / (corpus.PositionCount - 1));
}
