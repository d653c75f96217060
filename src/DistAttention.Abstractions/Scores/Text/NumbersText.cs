using System.Globalization;

namespace DistAttention;

/// <summary>Numbers given by hand, <c>0.5,0.25</c>, or the name of a file that holds them.</summary>
/// <param name="Given">The numbers; null: they are in the file.</param>
/// <param name="File">The file; null: they were given.</param>
public sealed record NumbersText(float[]? Given, string? File)
{
    /// <summary>Reads a text. What starts like a number is one.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Points at the character that is wrong.</exception>
    public static NumbersText Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0)
        {
            throw new FormatException("numbers or a file are needed");
        }

        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.') || text.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            return new NumbersText(null, text);
        }

        List<float> numbers = [];
        for (int at = 0; at <= text.Length;)
        {
            int comma = text.IndexOf(',', at);
            int end = comma < 0 ? text.Length : comma;
            if (!float.TryParse(text.AsSpan(at, end - at), NumberStyles.Float, CultureInfo.InvariantCulture, out float number) || !float.IsFinite(number))
            {
                throw new FormatException($"'{text}', character {at + 1}: '{text[at..end]}' is not a finite number");
            }

            numbers.Add(number);
            at = end + 1;
        }

        return new NumbersText([.. numbers], null);
    }

    /// <summary>The numbers as a table of one dimension.</summary>
    /// <param name="files">Reads the file, if they are in one.</param>
    public FloatTable Load(ITableFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Given is { } given ? FloatTable.Of(given) : files.ReadTable(File!, rank: 1);
    }
}
