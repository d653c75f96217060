using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DistAttention.Deploy.Tests.Yaml;

/// <summary>Writes what <see cref="YamlText"/> reads, in block style with sorted keys; equal values give equal texts.</summary>
internal static partial class YamlWriter
{
    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value as YAML, without a newline at its end.</summary>
    public static string Text(object? value)
    {
        StringBuilder text = new();
        Write(text, value, "");
        return text.ToString().Trim('\n');
    }

    /// <summary>The value as JSON on one line.</summary>
    public static string Json(object? value) => JsonSerializer.Serialize(Sorted(value), _json);

    private static object? Sorted(object? value) => value switch
    {
        Dictionary<string, object?> mapping => new SortedDictionary<string, object?>(mapping.ToDictionary(static p => p.Key, static p => Sorted(p.Value)), StringComparer.Ordinal),
        List<object?> list => list.Select(Sorted).ToList(),
        _ => value,
    };

    // What every reader takes for a string: a letter first, and no word of YAML.
    private static bool IsPlain(string text) =>
        text is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n") && Plain().IsMatch(text);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9/_.-]*$")]
    private static partial Regex Plain();

    private static void Write(StringBuilder text, object? value, string indent)
    {
        switch (value)
        {
            case Dictionary<string, object?> { Count: > 0 } mapping:
                foreach ((string key, object? item) in mapping.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
                {
                    text.Append('\n').Append(indent).Append(IsPlain(key) ? key : Json(key)).Append(':');
                    Write(text, item, indent + "  ");
                }

                break;
            case List<object?> { Count: > 0 } list:
                foreach (object? item in list)
                {
                    text.Append('\n').Append(indent).Append('-');
                    Write(text, item, indent + "  ");
                }

                break;
            case double number:
                text.Append(' ').Append(number.ToString("R", CultureInfo.InvariantCulture));
                break;
            default:
                text.Append(' ').Append(value is string word && IsPlain(word) ? word : Json(value));
                break;
        }
    }
}
