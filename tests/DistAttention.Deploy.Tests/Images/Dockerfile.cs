namespace DistAttention.Deploy.Tests.Images;

/// <summary>One instruction of a Dockerfile.</summary>
/// <param name="Name">In capitals.</param>
/// <param name="Rest">What follows, with continued lines joined.</param>
internal readonly record struct Instruction(string Name, string Rest)
{
    /// <summary>The words that are no flags.</summary>
    public IReadOnlyList<string> Words => [.. Rest.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(static w => !w.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>The value of a flag: <c>--from=build</c>.</summary>
    public string? Flag(string name) =>
        Rest.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(w => w.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];
}

/// <summary>One stage of a Dockerfile.</summary>
/// <param name="Image">What it starts from.</param>
/// <param name="Name">What later stages call it.</param>
/// <param name="Instructions">All of it, FROM first.</param>
internal sealed record Stage(string Image, string Name, IReadOnlyList<Instruction> Instructions)
{
    public IEnumerable<Instruction> Of(string name) => Instructions.Where(i => i.Name == name);

    /// <summary>What ENV sets.</summary>
    public IReadOnlyDictionary<string, string> Environment => Of("ENV")
        .SelectMany(static i => i.Words)
        .Select(static pair => pair.Split('=', 2))
        .ToDictionary(static pair => pair[0], static pair => pair[1]);
}

/// <summary>Reads a Dockerfile.</summary>
internal static class Dockerfile
{
    public static IReadOnlyList<Stage> Stages(string text)
    {
        List<Stage> stages = [];
        foreach (Instruction instruction in Instructions(text))
        {
            if (instruction.Name == "FROM")
            {
                IReadOnlyList<string> words = instruction.Words;
                stages.Add(new Stage(words[0], words is [_, "AS", var name] ? name : "", new List<Instruction> { instruction }));
            }
            else
            {
                ((List<Instruction>)stages[^1].Instructions).Add(instruction);
            }
        }

        return stages;
    }

    private static IEnumerable<Instruction> Instructions(string text)
    {
        string line = "";
        foreach (string next in text.Split('\n').Select(static l => l.Trim()).Where(static l => l.Length > 0 && l[0] != '#'))
        {
            line += next.EndsWith('\\') ? next[..^1] + " " : next;
            if (!next.EndsWith('\\'))
            {
                string[] parts = line.Split(' ', 2);
                yield return new Instruction(parts[0], parts[1].Trim());
                line = "";
            }
        }
    }
}
