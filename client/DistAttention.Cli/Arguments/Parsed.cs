using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace DistAttention.Cli.Arguments;

/// <summary>Options whose value is parsed by a function that may refuse it: what it throws becomes the usage error.</summary>
internal static class Parsed
{
    /// <summary>An option with a value.</summary>
    /// <param name="name">With its dashes: "--mask".</param>
    /// <param name="valueName">What the help calls its value: "SPEC".</param>
    /// <param name="description">What the help says of it.</param>
    /// <param name="parse">Throws <see cref="FormatException"/> or a <see cref="DistAttentionException"/> on a value that is wrong.</param>
    public static Option<T> Option<T>(string name, string valueName, string description, Func<string, T> parse) => new(name)
    {
        HelpName = valueName,
        Description = description,
        CustomParser = result => Parse(result, name, parse),
    };

    /// <summary>A file's name: anything but nothing.</summary>
    public static string FileName(string text) => text.Length > 0 ? text : throw new FormatException("the name of a file is needed");

    /// <summary>A whole number within bounds.</summary>
    public static Func<string, long> WholeNumber(long least = long.MinValue, long most = long.MaxValue) => text =>
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowThousands;
        if (!long.TryParse(text, style, CultureInfo.InvariantCulture, out long number))
        {
            throw new FormatException($"'{text}' is not a whole number");
        }

        return number >= least && number <= most
            ? number
            : throw new FormatException(most == long.MaxValue ? $"{number} is less than {least}" : $"{number} is not between {least} and {most}");
    };

    /// <summary>A finite float32.</summary>
    public static float FiniteNumber(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number)
            ? number
            : throw new FormatException($"'{text}' is not a finite number");

    private static T Parse<T>(ArgumentResult result, string name, Func<string, T> parse)
    {
        try
        {
            return parse(result.Tokens[0].Value);
        }
        catch (Exception error) when (error is FormatException or DistAttentionException)
        {
            result.AddError($"{name}: {error.Message.TrimEnd('.')}");
            return default!;
        }
    }
}
