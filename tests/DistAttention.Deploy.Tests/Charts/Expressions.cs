namespace DistAttention.Deploy.Tests.Charts;

/// <summary>Something that has a value.</summary>
internal abstract record Expression
{
    /// <summary>A string, an integer or a boolean.</summary>
    public sealed record Literal(object? Value) : Expression;

    /// <summary>What a dot, a variable or a parenthesis leads to.</summary>
    public sealed record Path(Expression From, IReadOnlyList<string> Fields) : Expression;

    /// <summary>The dot.</summary>
    public sealed record Dot : Expression;

    /// <summary>A variable; the one without a name is the root.</summary>
    public sealed record Variable(string Name) : Expression;

    /// <summary>A function, or a method of what a path leads to, with arguments; a pipe adds the last one.</summary>
    public sealed record Call(string Name, IReadOnlyList<Expression> Arguments) : Expression;

    /// <summary>The chart's files: the only object with a method here.</summary>
    public sealed record FileText(Expression Name) : Expression;
}

/// <summary>A part of a template.</summary>
internal abstract record Node
{
    /// <summary>Text as it is.</summary>
    public sealed record Text(string Value) : Node;

    /// <summary>A value to print.</summary>
    public sealed record Print(Expression Value) : Node;

    /// <summary>A variable that is given a value.</summary>
    public sealed record Assign(string Variable, Expression Value) : Node;

    /// <summary>One branch or the other.</summary>
    public sealed record If(Expression Condition, IReadOnlyList<Node> Then, IReadOnlyList<Node> Else) : Node;

    /// <summary>The dot is something else inside, if that is not empty.</summary>
    public sealed record With(Expression Value, IReadOnlyList<Node> Then, IReadOnlyList<Node> Else) : Node;

    /// <summary>Once for every element of a list or a mapping.</summary>
    public sealed record Range(Expression Value, string? Key, string? Item, IReadOnlyList<Node> Body) : Node;

    /// <summary>A template with a name.</summary>
    public sealed record Define(string Name, IReadOnlyList<Node> Body) : Node;
}
