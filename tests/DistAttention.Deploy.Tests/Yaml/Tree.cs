using System.Globalization;

namespace DistAttention.Deploy.Tests.Yaml;

/// <summary>Ways through what <see cref="YamlText"/> reads.</summary>
internal static class Tree
{
    /// <summary>What stands at a path such as <c>spec/containers/0/name</c>; null if nothing does.</summary>
    public static object? At(this object? node, string path)
    {
        foreach (string step in path.Split('/'))
        {
            node = node switch
            {
                Dictionary<string, object?> mapping => mapping.GetValueOrDefault(step.Replace('~', '/')),
                List<object?> list when int.TryParse(step, CultureInfo.InvariantCulture, out int index) && index < list.Count => list[index],
                _ => null,
            };
        }

        return node;
    }

    /// <summary>The text at a path; numbers as they are written.</summary>
    public static string? TextAt(this object? node, string path) => Convert.ToString(node.At(path), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    /// <summary>The integer at a path.</summary>
    public static long? IntegerAt(this object? node, string path) => node.At(path) as long?;

    /// <summary>The elements of the list at a path; none if there is no list.</summary>
    public static IReadOnlyList<object?> ItemsAt(this object? node, string path) => node.At(path) as List<object?> ?? [];

    /// <summary>The mapping at a path; empty if there is none.</summary>
    public static Dictionary<string, object?> MappingAt(this object? node, string path) => node.At(path) as Dictionary<string, object?> ?? [];

    /// <summary>Every node below, itself first, with its path.</summary>
    public static IEnumerable<(string Path, object? Value)> All(this object? node, string path = "")
    {
        yield return (path, node);
        IEnumerable<(string Step, object? Value)> inner = node switch
        {
            Dictionary<string, object?> mapping => mapping.Select(static p => (p.Key, p.Value)),
            List<object?> list => list.Select(static (item, i) => (i.ToString(CultureInfo.InvariantCulture), item)),
            _ => [],
        };
        foreach ((string step, object? value) in inner)
        {
            foreach ((string, object?) below in value.All(path.Length == 0 ? step : $"{path}/{step}"))
            {
                yield return below;
            }
        }
    }

    /// <summary>A copy with something else at a path; null takes it away.</summary>
    public static Dictionary<string, object?> Changed(this Dictionary<string, object?> node, string path, object? value) =>
        (Dictionary<string, object?>)Change(node, path.Split('/'), value)!;

    private static object? Change(object? node, ReadOnlySpan<string> path, object? value)
    {
        if (path.IsEmpty)
        {
            return value;
        }

        if (node is List<object?> list)
        {
            List<object?> changed = [.. list];
            int index = int.Parse(path[0], CultureInfo.InvariantCulture);
            changed[index] = Change(changed[index], path[1..], value);
            changed.RemoveAll(static item => item is null);
            return changed;
        }

        Dictionary<string, object?> mapping = node is Dictionary<string, object?> known ? new(known) : throw new InvalidDataException($"There is no '{path[0]}' to change.");
        string key = path[0].Replace('~', '/');
        object? inner = Change(mapping.GetValueOrDefault(key), path[1..], value);
        if (inner is null)
        {
            mapping.Remove(key);
        }
        else
        {
            mapping[key] = inner;
        }

        return mapping;
    }
}
