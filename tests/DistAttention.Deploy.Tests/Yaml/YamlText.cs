using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DistAttention.Deploy.Tests.Yaml;

/// <summary>
/// Reads YAML as Kubernetes' tools do, which is YAML 1.1 for numbers (0440 is octal) and 1.2 for booleans: into strings, longs, doubles, booleans,
/// lists and dictionaries. A key that comes twice is an error.
/// </summary>
internal static partial class YamlText
{
    /// <summary>Every document of a text that is not empty.</summary>
    /// <exception cref="YamlException">It is not YAML.</exception>
    public static IReadOnlyList<object> Documents(string text)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(static d => Value(d.RootNode)).OfType<object>()];
    }

    /// <summary>The one mapping that a text is; an empty text is an empty one.</summary>
    public static Dictionary<string, object?> Mapping(string text) =>
        Documents(text) switch
        {
            [] => [],
            [Dictionary<string, object?> mapping] => mapping,
            _ => throw new InvalidDataException("It is not one mapping."),
        };

    private static object? Value(YamlNode node) => node switch
    {
        YamlScalarNode scalar => Scalar(scalar),
        YamlSequenceNode list => list.Children.Select(Value).ToList(),
        YamlMappingNode mapping => mapping.Children.ToDictionary(static pair => ((YamlScalarNode)pair.Key).Value!, static pair => Value(pair.Value)),
        _ => throw new InvalidDataException($"{node.NodeType} at {node.Start} is not expected."),
    };

    private static object? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return text;
        }

        return text switch
        {
            "" or "~" or "null" => null,
            "true" => true,
            "false" => false,
            _ when Octal().IsMatch(text) => Convert.ToInt64(text, 8),
            _ when Hexadecimal().IsMatch(text) => Convert.ToInt64(text[2..], 16),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer) => integer,
            _ when Decimal().IsMatch(text) => double.Parse(text, CultureInfo.InvariantCulture),
            _ => text,
        };
    }

    [GeneratedRegex("^0[0-7]+$")]
    private static partial Regex Octal();

    [GeneratedRegex("^0x[0-9a-fA-F]+$")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"^[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?$")]
    private static partial Regex Decimal();
}
