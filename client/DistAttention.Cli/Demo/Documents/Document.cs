namespace DistAttention.Cli.Demo.Documents;

/// <summary>One text the demo reads.</summary>
/// <param name="Name">As people should see it.</param>
/// <param name="Text">All of it.</param>
internal sealed record Document(string Name, string Text);
