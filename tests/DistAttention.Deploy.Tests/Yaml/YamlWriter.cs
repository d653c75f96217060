using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DistAttention.Deploy.Tests.Yaml;

/// <summary>Writes what <see cref="YamlText"/> reads, in block style with sorted keys; equal values give equal texts.</summary>
internal static class YamlWriter
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
    public static string Json(object? value) => JsonSerializer.Serialize(value, _json);

    private static void Write(StringBuilder text, object? value, string indent)
    {
        switch (value)
        {
            case Dictionary<string, object?> { Count: > 0 } mapping:
                foreach ((string key, object? item) in mapping.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
                {
                    text.Append('\n').Append(indent).Append(Json(key)).Append(':');
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
                text.Append(' ').Append(Json(value));
                break;
        }
    }
}
