using System.Globalization;
using System.Text.RegularExpressions;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>Holds values to the chart's <c>values.schema.json</c>, as Helm does: the part of JSON Schema (draft 7) that the file uses; any other keyword is an error.</summary>
internal static class ValuesSchema
{
    private static readonly string[] _silent = ["$schema", "title", "definitions", "then", "else"];

    // JSON is YAML.
    private static readonly Dictionary<string, object?> _schema = YamlText.Mapping(Repository.Read("deploy/helm/distattention/values.schema.json"));

    /// <summary>What is wrong with all values of the chart.</summary>
    public static IReadOnlyList<string> Problems(Dictionary<string, object?> values) => [.. Problems(_schema, values, "")];

    private static IEnumerable<string> Problems(Dictionary<string, object?> schema, object? value, string path)
    {
        IEnumerable<string> problems = [];
        foreach ((string keyword, object? rule) in schema)
        {
            problems = problems.Concat(keyword switch
            {
                "$ref" => Problems((Dictionary<string, object?>)_schema.At(((string)rule!)[2..])!, value, path),
                "type" => If(!(rule as List<object?> ?? [rule]).Any(type => IsOf((string)type!, value)), path, $"is no {YamlWriter.Json(rule)}"),
                "enum" => If(!((List<object?>)rule!).Contains(value), path, $"is not one of {YamlWriter.Json(rule)}"),
                "const" => If(!Equals(rule, value), path, $"is not {YamlWriter.Json(rule)}"),
                "minimum" => If(value is long number && number < (long)rule!, path, $"is less than {rule}"),
                "maximum" => If(value is long number && number > (long)rule!, path, $"is more than {rule}"),
                "minLength" => If(value is string text && text.Length < (long)rule!, path, $"is shorter than {rule}"),
                "maxLength" => If(value is string text && text.Length > (long)rule!, path, $"is longer than {rule}"),
                "pattern" => If(value is string text && !Regex.IsMatch(text, (string)rule!), path, $"does not match {rule}"),
                "minProperties" => If(value is Dictionary<string, object?> mapping && mapping.Count < (long)rule!, path, $"has fewer than {rule} members"),
                "required" => value is Dictionary<string, object?> mapping ? ((List<object?>)rule!).Where(name => !mapping.ContainsKey((string)name!)).Select(name => $"{path}/{name} is missing") : [],
                "properties" => Each((Dictionary<string, object?>)rule!, value, path),
                "additionalProperties" => Others(schema.MappingAt("properties"), rule, value, path),
                "propertyNames" => value is Dictionary<string, object?> mapping ? mapping.Keys.SelectMany(name => Problems((Dictionary<string, object?>)rule!, name, $"{path}/{name}")) : [],
                "items" => value is List<object?> list ? list.SelectMany((item, i) => Problems((Dictionary<string, object?>)rule!, item, string.Create(CultureInfo.InvariantCulture, $"{path}/{i}"))) : [],
                "allOf" => ((List<object?>)rule!).SelectMany(all => Problems((Dictionary<string, object?>)all!, value, path)),
                "if" => Problems(schema.MappingAt(Problems((Dictionary<string, object?>)rule!, value, path).Any() ? "else" : "then"), value, path),
                _ when _silent.Contains(keyword) => [],
                _ => throw new NotSupportedException($"The keyword {keyword} is not understood here."),
            });
        }

        return problems;
    }

    private static IEnumerable<string> If(bool isWrong, string path, string problem) => isWrong ? [$"{path} {problem}"] : [];

    private static IEnumerable<string> Each(Dictionary<string, object?> properties, object? value, string path) => value is Dictionary<string, object?> mapping
        ? properties.Where(p => mapping.ContainsKey(p.Key)).SelectMany(p => Problems((Dictionary<string, object?>)p.Value!, mapping[p.Key], $"{path}/{p.Key}"))
        : [];

    private static IEnumerable<string> Others(Dictionary<string, object?> known, object? rule, object? value, string path)
    {
        Dictionary<string, object?> others = (value as Dictionary<string, object?> ?? []).Where(p => !known.ContainsKey(p.Key)).ToDictionary();
        return rule is false
            ? others.Keys.Select(name => $"{path}/{name} is not known")
            : others.SelectMany(p => Problems((Dictionary<string, object?>)rule!, p.Value, $"{path}/{p.Key}"));
    }

    private static bool IsOf(string type, object? value) => type switch
    {
        "object" => value is Dictionary<string, object?>,
        "array" => value is List<object?>,
        "string" => value is string,
        "integer" => value is long,
        "boolean" => value is bool,
        _ => throw new NotSupportedException($"The type {type} is not understood here."),
    };
}
