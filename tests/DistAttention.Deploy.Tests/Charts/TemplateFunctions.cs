using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>The functions of Go's templates, of Sprig and of Helm that the chart uses; what is not here is an error.</summary>
internal static partial class TemplateFunctions
{
    /// <summary>The least whole number that Go prints with an exponent, if it is a float.</summary>
    private const double FirstInExponents = 1e6;

    /// <param name="name">Its name.</param>
    /// <param name="a">Its arguments; what a pipe brings comes last.</param>
    /// <exception cref="TemplateException">There is no such function, or the template refuses its values.</exception>
    public static object? Call(string name, object?[] a) => name switch
    {
        "add" => a.Sum(Integer),
        "sub" => Integer(a[0]) - Integer(a[1]),
        "mul" => a.Aggregate(1L, static (product, factor) => product * Integer(factor)),
        "div" => Integer(a[0]) / Integer(a[1]),
        "mod" => Integer(a[0]) % Integer(a[1]),
        "max" => a.Max(Integer),
        "int64" => Integer(a[0]),
        "eq" => a is [string left, string right] ? left == right : throw new TemplateException("eq compares strings here; Go does not compare numbers of values with numbers of templates"),
        "kindIs" => (string)a[0]! == a[1] switch { double => "float64", string => "string", bool => "bool", _ => "other" },
        "not" => !IsTrue(a[0]),
        "and" => a.FirstOrDefault(static x => !IsTrue(x), a[^1]),
        "or" => a.FirstOrDefault(IsTrue, a[^1]),
        "default" => IsTrue(a[1]) ? a[1] : a[0],
        "contains" => ((string)a[1]!).Contains((string)a[0]!, StringComparison.Ordinal),
        "trunc" => ((string)a[1]!)[..(int)Math.Min(Integer(a[0]), ((string)a[1]!).Length)],
        "trimSuffix" => a[1] is string text && text.EndsWith((string)a[0]!, StringComparison.Ordinal) ? text[..^((string)a[0]!).Length] : a[1],
        "replace" => ((string)a[2]!).Replace((string)a[0]!, (string)a[1]!, StringComparison.Ordinal),
        "lower" => ((string)a[0]!).ToLowerInvariant(),
        "quote" => Quote(Text(a[0])),
        "printf" => Format((string)a[0]!, a[1..]),
        "nindent" => "\n" + Indent((int)Integer(a[0]), (string)a[1]!),
        "dict" => a.Chunk(2).ToDictionary(static pair => (string)pair[0]!, static pair => pair[1]),
        "list" => a.ToList(),
        "index" => ((Dictionary<string, object?>)a[0]!)[(string)a[1]!],
        "hasKey" => ((Dictionary<string, object?>)a[0]!).ContainsKey((string)a[1]!),
        "toYaml" => YamlWriter.Text(a[0]),
        "toJson" => YamlWriter.Json(a[0]),
        "fromYaml" => Floats(YamlText.Mapping((string)a[0]!)),
        "sha256sum" => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes((string)a[0]!))),
        "fail" => throw new TemplateException((string)a[0]!),
        _ => throw new TemplateException($"there is no function '{name}' here"),
    };

    /// <summary>Values as Helm has them: it reads YAML as JSON, whose numbers are floats.</summary>
    public static object? Floats(object? value) => value switch
    {
        long number => (double)number,
        List<object?> list => list.Select(Floats).ToList(),
        Dictionary<string, object?> mapping => mapping.ToDictionary(static p => p.Key, static p => Floats(p.Value)),
        _ => value,
    };

    /// <summary>Whether a value counts as true: not zero, and not empty.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or false or "" or 0L or 0d => false,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> mapping => mapping.Count > 0,
        _ => true,
    };

    /// <summary>A value as it is printed.</summary>
    public static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number when double.IsInteger(number) && Math.Abs(number) < FirstInExponents => ((long)number).ToString(CultureInfo.InvariantCulture),
        double => throw new TemplateException($"{value} of the values is printed as Go prints floats, with an exponent; int64 makes it whole"),
        _ => throw new TemplateException($"a {value.GetType().Name} is printed"),
    };

    private static long Integer(object? value) => value switch
    {
        long number => number,
        double number => (long)number,
        string text => long.Parse(text, CultureInfo.InvariantCulture),
        _ => throw new TemplateException($"'{value}' is not an integer"),
    };

    private static long Whole(object? value) => value as long? ?? throw new TemplateException($"printf takes {value} for a float; int64 makes it whole");

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static string Indent(int spaces, string text) =>
        string.Join('\n', text.Split('\n').Select(line => new string(' ', spaces) + line));

    private static string Format(string format, object?[] values)
    {
        int next = 0;
        string text = Verb().Replace(format, verb =>
        {
            object? value = values[next++];
            return verb.Value switch
            {
                "%s" => (string)value!,
                "%d" => Whole(value).ToString(CultureInfo.InvariantCulture),
                "%02d" => Whole(value).ToString("00", CultureInfo.InvariantCulture),
                "%x" => Whole(value).ToString("x", CultureInfo.InvariantCulture),
                _ => throw new TemplateException($"printf knows no '{verb.Value}' here"),
            };
        });
        return next == values.Length ? text : throw new TemplateException($"printf \"{format}\" has {values.Length} values");
    }

    [GeneratedRegex("%[0-9]*[a-z]")]
    private static partial Regex Verb();
}
