using System.Collections;
using System.Globalization;
using System.Reflection;

namespace DistAttention.Silo.Options.Listing;

/// <summary>One option as it is listed.</summary>
/// <param name="Name">With its section: <c>Endpoint:SiloPort</c>; elements of lists are numbered from 0.</param>
/// <param name="Property">Where it is read into.</param>
/// <param name="Default">What it is when nobody sets it; empty for nothing.</param>
internal sealed record OptionRow(string Name, PropertyInfo Property, string Default)
{
    private const long Mebibyte = 1 << 20;

    /// <summary>Defaults that are computed from the machine; their descriptions say how.</summary>
    private static readonly string[] _ofTheMachine = [nameof(Grains.DistAttentionOptions.ComputeThreads), nameof(Grains.DistAttentionOptions.MemoryBudgetBytes)];

    /// <summary>The variable of the environment that sets it.</summary>
    public string Variable => Configuration.EnvironmentPrefix + Name.Replace(":", "__", StringComparison.Ordinal);

    /// <summary>Every option of a section, elements of lists included.</summary>
    /// <param name="section">Its name, or the path of an element.</param>
    /// <param name="type">What it is read into.</param>
    public static IEnumerable<OptionRow> Of(string section, Type type)
    {
        object defaults = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static p => p.SetMethod is { IsPublic: true }))
        {
            string name = $"{section}:{property.Name}";
            if (ElementOf(property.PropertyType) is { } element)
            {
                foreach (OptionRow row in Of($"{name}:0", element))
                {
                    yield return row;
                }
            }
            else
            {
                string value = _ofTheMachine.Contains(property.Name) ? "the machine's" : Text(property.GetValue(defaults), property.Name);
                yield return new OptionRow(name, property, value);
            }
        }
    }

    private static Type? ElementOf(Type type) =>
        type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[0] : null;

    private static string Text(object? value, string name) => value switch
    {
        null => "",
        int.MaxValue or long.MaxValue => "no limit",
        bool flag => flag ? "true" : "false",
        long bytes when name.Contains("Bytes", StringComparison.Ordinal) && bytes % Mebibyte == 0 => string.Create(CultureInfo.InvariantCulture, $"{bytes / Mebibyte} MiB"),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
