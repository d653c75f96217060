using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistAttention.Cli.Output;

/// <summary>JSON that programs and people can read: indented, but a list of plain values, such as a shape, stays on its line.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions _values = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(JsonNode document)
    {
        StringBuilder text = new();
        Append(text, document, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonNode? node, int depth)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                AppendItems(text, '{', members, '}', depth, static (text, member, depth) =>
                {
                    text.Append(JsonSerializer.Serialize(member.Key, _values)).Append(": ");
                    Append(text, member.Value, depth);
                });
                break;
            case JsonArray { Count: > 0 } items when items.Any(static item => item is JsonObject or JsonArray):
                AppendItems(text, '[', items, ']', depth, Append);
                break;
            case JsonArray items:
                text.Append('[').AppendJoin(", ", items.Select(Value)).Append(']');
                break;
            default:
                text.Append(Value(node));
                break;
        }
    }

    private static void AppendItems<T>(StringBuilder text, char open, IEnumerable<T> items, char close, int depth, Action<StringBuilder, T, int> append)
    {
        string separator = "";
        text.Append(open);
        foreach (T item in items)
        {
            text.Append(separator).AppendLine().Append(' ', 2 * (depth + 1));
            append(text, item, depth + 1);
            separator = ",";
        }

        text.AppendLine().Append(' ', 2 * depth).Append(close);
    }

    private static string Value(JsonNode? node) => node?.ToJsonString(_values) ?? "null";
}
