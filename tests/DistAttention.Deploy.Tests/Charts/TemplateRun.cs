using System.Text;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>Renders templates. Stricter than Helm in one thing: a value that <c>values.yaml</c> does not name is an error, not empty.</summary>
internal sealed class TemplateRun(IReadOnlyDictionary<string, IReadOnlyList<Node>> defined, Func<string, string> file)
{
    /// <summary>What nodes print.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="dot">What they are about.</param>
    public string Render(IReadOnlyList<Node> nodes, object? dot)
    {
        StringBuilder output = new();
        Render(nodes, dot, new() { [""] = dot }, output);
        return output.ToString();
    }

    private void Render(IReadOnlyList<Node> nodes, object? dot, Dictionary<string, object?> variables, StringBuilder output)
    {
        foreach (Node node in nodes)
        {
            switch (node)
            {
                case Node.Text text:
                    output.Append(text.Value);
                    break;
                case Node.Print print:
                    output.Append(TemplateFunctions.Text(Value(print.Value, dot, variables)));
                    break;
                case Node.Assign assign:
                    variables[assign.Variable] = Value(assign.Value, dot, variables);
                    break;
                case Node.If branch:
                    bool holds = TemplateFunctions.IsTrue(Value(branch.Condition, dot, variables));
                    Render(holds ? branch.Then : branch.Else, dot, new(variables), output);
                    break;
                case Node.With with:
                    object? inner = Value(with.Value, dot, variables);
                    bool any = TemplateFunctions.IsTrue(inner);
                    Render(any ? with.Then : with.Else, any ? inner : dot, new(variables), output);
                    break;
                case Node.Range range:
                    foreach ((object? key, object? item) in Items(Value(range.Value, dot, variables)))
                    {
                        Dictionary<string, object?> inside = new(variables);
                        inside[range.Key ?? "no key"] = key;
                        inside[range.Item ?? "no item"] = item;
                        Render(range.Body, item, inside, output);
                    }

                    break;
            }
        }
    }

    private static IEnumerable<(object? Key, object? Item)> Items(object? value) => value switch
    {
        List<object?> list => list.Select(static (item, i) => ((object?)(long)i, item)),
        Dictionary<string, object?> mapping => mapping.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => ((object?)p.Key, p.Value)),
        _ => throw new TemplateException($"'{value}' has no elements"),
    };

    private object? Value(Expression expression, object? dot, Dictionary<string, object?> variables)
    {
        switch (expression)
        {
            case Expression.Literal literal:
                return literal.Value;
            case Expression.Dot:
                return dot;
            case Expression.Variable variable:
                return variables.TryGetValue(variable.Name, out object? known) ? known : throw new TemplateException($"there is no ${variable.Name}");
            case Expression.Path path:
                return path.Fields.Aggregate(Value(path.From, dot, variables), Field);
            case Expression.FileText text:
                return file((string)Value(text.Name, dot, variables)!);
            case Expression.Call { Name: "include" } include:
                object?[] about = [.. include.Arguments.Select(a => Value(a, dot, variables))];
                return defined.TryGetValue((string)about[0]!, out IReadOnlyList<Node>? body)
                    ? Render(body, about[1])
                    : throw new TemplateException($"there is no template '{about[0]}'");
            case Expression.Call call:
                return TemplateFunctions.Call(call.Name, [.. call.Arguments.Select(a => Value(a, dot, variables))]);
            default:
                throw new TemplateException($"{expression} has no value");
        }
    }

    private static object? Field(object? from, string name) =>
        from is Dictionary<string, object?> mapping && mapping.TryGetValue(name, out object? value) ? value : throw new TemplateException($"there is no .{name}");
}
