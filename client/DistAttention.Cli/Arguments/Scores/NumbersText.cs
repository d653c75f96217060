using System.Globalization;
using DistAttention.Cli.Shell;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Arguments;

/// <summary>Numbers given by hand, <c>0.5,0.25</c>, or the name of a file that holds them.</summary>
/// <param name="Given">The numbers; null: they are in the file.</param>
/// <param name="File">The file; null: they were given.</param>
internal sealed record NumbersText(float[]? Given, string? File)
{
    /// <summary>Reads the text of an option. What starts like a number is one.</summary>
    public static NumbersText Parse(string text)
    {
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
    public FloatTable Load() => Given is { } given ? FloatTable.Of(given) : TableFile.Load(File!, rank: 1);
}

/// <summary>Tables of numbers in tensor files.</summary>
internal static class TableFile
{
    /// <summary>Reads a whole file.</summary>
    /// <param name="name">An .npy file, or file.safetensors:name.</param>
    /// <param name="rank">Dimensions wanted; a file with one less has one table for all heads.</param>
    public static FloatTable Load(string name, int rank)
    {
        using TensorFile file = TensorFile.Open(name);
        long length = file.Rows * Math.Max(1, file.RowLength);
        int[] shape = [.. file.Shape.Select(static d => (int)Math.Min(d, int.MaxValue))];
        if (shape.Length == rank - 1 && rank > 1)
        {
            shape = [1, .. shape];
        }

        if (shape.Length != rank || length > FloatTable.MaxLength)
        {
            throw new CliException(length > FloatTable.MaxLength
                ? $"{file.Name} [{string.Join(", ", file.Shape)}] has more than {FloatTable.MaxLength} numbers"
                : $"{file.Name} has the shape [{string.Join(", ", file.Shape)}]; {rank} dimensions are needed{(rank > 1 ? $", or {rank - 1} for all heads" : "")}");
        }

        try
        {
            return FloatTable.Of(file.ReadAll(), shape);
        }
        catch (InvalidSpecException error)
        {
            throw new CliException($"{file.Name}: {error.Problem}", error);
        }
    }
}
