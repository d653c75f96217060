using System.CommandLine;

namespace DistAttention.Cli.Shell;

/// <summary>A verb of the program: a command that cannot be made without an example of its use.</summary>
internal sealed class Verb : Command
{
    public Verb(string name, string description, params IReadOnlyList<Example> examples)
        : base(name, description)
    {
        Examples = examples;
    }

    /// <summary>Shown at the end of its help.</summary>
    public IReadOnlyList<Example> Examples { get; }
}

/// <summary>A command line worth copying.</summary>
/// <param name="Purpose">What it is for.</param>
/// <param name="Lines">The line, cut where it would be wider than a terminal of 80 columns.</param>
internal sealed record Example(string Purpose, params IReadOnlyList<string> Lines)
{
    /// <summary>The line as a shell takes it, going on after a backslash.</summary>
    public string CommandLine => string.Join(" \\\n    ", Lines);
}
