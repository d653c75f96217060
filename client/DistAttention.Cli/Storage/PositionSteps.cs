using DistAttention.Cli.Output;

namespace DistAttention.Cli.Storage;

/// <summary>Positions as a step of progress, whose total is known with the first report.</summary>
internal sealed class PositionSteps(ProgressSteps steps, string what) : IProgress<AttentionProgress>
{
    private ProgressStep? _step;

    public void Report(AttentionProgress value) => (_step ??= steps.Start(what, value.Total, "positions")).Report(value.Done);
}
