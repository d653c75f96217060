namespace DistAttention.ClientSuite;

/// <summary>Acts at every report of progress, at once.</summary>
public sealed class OnReport(Action<AttentionProgress> act) : IProgress<AttentionProgress>
{
    /// <inheritdoc/>
    public void Report(AttentionProgress value) => act(value);
}
