namespace DistAttention.Cli.Demo.Running;

/// <summary>What one run of the demo is to do.</summary>
internal sealed record DemoSettings
{
    /// <summary>Files and folders to read; empty: the default document.</summary>
    public required IReadOnlyList<string> DocumentPaths { get; init; }

    /// <summary>What to ask; empty: questions for the default document, none for others.</summary>
    public required IReadOnlyList<string> Questions { get; init; }

    /// <summary>Tokens to use; null: as many as the text has.</summary>
    public int? TokenCount { get; init; }

    /// <summary>Positions per shard, null for what suits the silos; changes no bit.</summary>
    public int? ShardLength { get; init; }

    /// <summary>Whether to look at where the text attends to within itself; costs a second or so.</summary>
    public bool WithOverview { get; init; }
}
