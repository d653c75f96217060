using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DistAttention.Deploy.Tests.Yaml;

/// <summary>
/// Reads YAML as Kubernetes' tools do, which is YAML 1.1 (0440 is octal) without its yes, no, on and off, which are an error: into strings, longs, doubles, booleans,
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
        YamlMappingNode mapping => mapping.Children.ToDictionary(static pair => Scalar((YamlScalarNode)pair.Key) as string ?? throw new InvalidDataException($"The key at {pair.Key.Start} is not a string."), static pair => Value(pair.Value)),
        _ => throw new InvalidDataException($"{node.NodeType} at {node.Start} is not expected."),
    };

    private static object? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return text;
        }

        if (Ambiguous().IsMatch(text))
        {
            throw new InvalidDataException($"'{text}' at {scalar.Start} is true or false to some readers of YAML, and a string to others.");
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

    [GeneratedRegex("^([yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|True|TRUE|False|FALSE)$")]
    private static partial Regex Ambiguous();

    [GeneratedRegex("^0[0-7]+$")]
    private static partial Regex Octal();

    [GeneratedRegex("^0x[0-9a-fA-F]+$")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"^[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?$")]
    private static partial Regex Decimal();
}
