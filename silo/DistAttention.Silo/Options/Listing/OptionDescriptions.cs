using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DistAttention.Silo.Options.Listing;

/// <summary>What options mean, as their doc comments say it: the compiler leaves those in a file beside each assembly.</summary>
internal sealed partial class OptionDescriptions
{
    private readonly Dictionary<Assembly, Dictionary<string, XElement>> _files = [];

    /// <summary>The summary of a property, as Markdown on one line.</summary>
    /// <exception cref="IOException">The file of its assembly is not there.</exception>
    public string Of(PropertyInfo property) => Summary(property.DeclaringType!.Assembly, $"P:{property.DeclaringType.FullName}.{property.Name}");

    /// <summary>The summary of a type, as Markdown on one line.</summary>
    /// <exception cref="IOException">The file of its assembly is not there.</exception>
    public string Of(Type type) => Summary(type.Assembly, $"T:{type.FullName}");

    private string Summary(Assembly assembly, string member)
    {
        if (!_files.TryGetValue(assembly, out Dictionary<string, XElement>? members))
        {
            members = XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml"))
                .Descendants("member")
                .ToDictionary(static m => (string)m.Attribute("name")!);
            _files.Add(assembly, members);
        }

        return members.GetValueOrDefault(member)?.Element("summary") is { } summary ? Spaces().Replace(string.Concat(summary.Nodes().Select(Text)), " ").Trim() : "";
    }

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => $"`{(((string?)see.Attribute("cref") ?? (string?)see.Attribute("langword"))!).Split('.', ':')[^1]}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement other => string.Concat(other.Nodes().Select(Text)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
