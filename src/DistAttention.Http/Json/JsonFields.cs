using System.Text.Json;
using DistAttention.Http.Problems;

namespace DistAttention.Http;

/// <summary>The fields of a JSON object that a caller sent: each read once by name and type; what is left over, or of another type, is an error at its path.</summary>
internal sealed class JsonFields
{
    private readonly Dictionary<string, JsonElement> _left = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];
    private readonly string _path;

    public JsonFields(JsonElement document, string path = "")
    {
        _path = path;
        if (document.ValueKind != JsonValueKind.Object)
        {
            throw HttpProblemException.Json(path, $"an object is needed, not {Name(document.ValueKind)}");
        }

        foreach (JsonProperty property in document.EnumerateObject())
        {
            if (!_left.TryAdd(property.Name, property.Value))
            {
                throw HttpProblemException.Json(PathOf(property.Name), "stands there twice");
            }
        }
    }

    public string? Text(string name) => Take(name, JsonValueKind.String, "a text")?.GetString();

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public bool? Flag(string name) => Find(name) is not { } value ? null : value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.GetBoolean()
        : throw Wrong(name, "true or false", value);

    public long? WholeNumber(string name, long least, long most)
    {
        if (Take(name, JsonValueKind.Number, "a whole number") is not { } value)
        {
            return null;
        }

        return value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw HttpProblemException.Json(PathOf(name), $"{Shown(value)} is not a whole number between {least} and {most}");
    }

    public double? Number(string name) => Take(name, JsonValueKind.Number, "a number")?.GetDouble();

    public int? Int(string name) => (int?)WholeNumber(name, 0, int.MaxValue);

    public JsonFields? Object(string name) => Find(name) is { } value ? new JsonFields(value, PathOf(name)) : null;

    /// <summary>Anything.</summary>
    public JsonElement? Any(string name) => Find(name);

    /// <summary>An array of numbers.</summary>
    public double[]? Numbers(string name) => Take(name, JsonValueKind.Array, "an array of numbers") is not { } array
        ? null
        : [.. array.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Number ? item.GetDouble() : throw Wrong($"{name}[{i}]", "a number", item))];

    /// <summary>Refuses what no one has asked for.</summary>
    public void End()
    {
        if (_left.Keys.FirstOrDefault() is { } unknown)
        {
            string hint = NearestName.Of(unknown, _known) is { } nearest ? $"did you mean '{nearest}'?" : $"{string.Join(", ", _known)} are known";
            throw HttpProblemException.Json(PathOf(unknown), $"is not known here; {hint}");
        }
    }

    public HttpProblemException Missing(string name) => HttpProblemException.Json(PathOf(name), "is missing");

    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return _left.Remove(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private JsonElement? Take(string name, JsonValueKind kind, string what) =>
        Find(name) is not { } value ? null : value.ValueKind == kind ? value : throw Wrong(name, what, value);

    private HttpProblemException Wrong(string name, string wanted, JsonElement value) =>
        HttpProblemException.Json(PathOf(name), $"{wanted} is needed, not {Name(value.ValueKind)}");

    private static string Shown(JsonElement value) => value.GetRawText() is { Length: <= 40 } text ? text : "the number";

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
