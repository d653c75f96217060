using System.Text;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>
/// A chart as Helm renders it, for machines without Helm: every template, the values over the chart's own, one release. What Helm does besides
/// (hooks, dependencies, capabilities), the chart does without.
/// </summary>
internal sealed class Chart
{
    private readonly string _folder;
    private readonly Dictionary<string, IReadOnlyList<Node>> _templates = [];
    private readonly Dictionary<string, IReadOnlyList<Node>> _defined = [];

    public Chart(string folder)
    {
        _folder = folder;
        Description = YamlText.Mapping(File.ReadAllText(Path.Combine(folder, "Chart.yaml")));
        Values = YamlText.Mapping(File.ReadAllText(Path.Combine(folder, "values.yaml")));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "templates")).Order(StringComparer.Ordinal))
        {
            IReadOnlyList<Node> nodes = TemplateParser.Parse(File.ReadAllText(file));
            foreach (Node.Define define in nodes.OfType<Node.Define>())
            {
                _defined.Add(define.Name, define.Body);
            }

            _templates.Add(Path.GetFileName(file), nodes);
        }
    }

    /// <summary>Chart.yaml.</summary>
    public Dictionary<string, object?> Description { get; }

    /// <summary>The values where nobody says otherwise.</summary>
    public Dictionary<string, object?> Values { get; }

    /// <summary>The chart's values with others over them, mapping by mapping.</summary>
    public Dictionary<string, object?> With(IReadOnlyDictionary<string, object?> values) => Merge(Values, values);

    /// <summary>The manifests, as one text of YAML.</summary>
    /// <param name="release">The name of the release.</param>
    /// <param name="values">All values.</param>
    /// <exception cref="TemplateException">A template is wrong, or refuses its values.</exception>
    public string Render(string release, Dictionary<string, object?> values)
    {
        StringBuilder manifests = new();
        foreach ((string name, IReadOnlyList<Node> template) in _templates)
        {
            if (name.EndsWith(".yaml", StringComparison.Ordinal))
            {
                manifests.Append("---\n").Append(Render(template, release, values)).Append('\n');
            }
        }

        return manifests.ToString();
    }

    /// <summary>What is printed after an installation.</summary>
    public string Notes(string release, Dictionary<string, object?> values) => Render(_templates["NOTES.txt"], release, values);

    private string Render(IReadOnlyList<Node> template, string release, Dictionary<string, object?> values)
    {
        Dictionary<string, object?> root = new()
        {
            ["Values"] = TemplateFunctions.Floats(values),
            ["Release"] = new Dictionary<string, object?> { ["Name"] = release, ["Namespace"] = "distattention", ["Service"] = "Helm" },
            ["Chart"] = new Dictionary<string, object?>
            {
                ["Name"] = Description["name"],
                ["Version"] = Description["version"],
                ["AppVersion"] = Description["appVersion"],
            },
        };
        return new TemplateRun(_defined, file => File.ReadAllText(Path.Combine(_folder, file))).Render(template, root);
    }

    private static Dictionary<string, object?> Merge(IReadOnlyDictionary<string, object?> under, IReadOnlyDictionary<string, object?> over)
    {
        Dictionary<string, object?> merged = new(under);
        foreach ((string name, object? value) in over)
        {
            merged[name] = value is Dictionary<string, object?> inner && merged.GetValueOrDefault(name) is Dictionary<string, object?> outer ? Merge(outer, inner) : value;
        }

        return merged;
    }
}
